// Reading an event allocates nothing once its buffers have grown: counted for the whole program.
// Not under AddressSanitizer, which wants the allocation functions for itself.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOOKLINE_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HOOKLINE_ADDRESS_SANITIZER
#endif

#ifndef HOOKLINE_ADDRESS_SANITIZER
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "hookline/event/catalogue.h"
#include "unit/event/read_fixture.h"

namespace {
std::atomic<std::size_t> allocations{0};
}

// Not inlined: the compiler would take malloc and delete, or new and free, for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace hookline::event {
namespace {

TEST(Read, AllocatesNothingOnceWarm) {
  const AttributeTable table;
  Variables variables(table);
  for (const auto& attribute : table.names())
    variables.want(json::Path{{attribute}});
  for (const char* name : {"type", "topic", "key", "tags.severity.value", "headers.trace"}) {
    variables.want(json::parse_path(name).value());
  }
  const Reader reader(variables);
  Scratch scratch;
  const std::vector<std::string> texts{
      sample("incident_triggered").value(), sample("incident_tags_updated").value(),
      sample("story_created").value(), R"({"event_type":"a\u002eb","severity":"HIGH"})"};
  const std::vector<Header> headers{{"trace", "0af7651916cd43dd8448eb211c80319c"}};
  std::size_t found = 0;
  const auto read_all = [&] {
    for (const auto& text : texts) {
      const auto record = Reading::record(text, headers);
      const auto event = reader.read(record, Kind::incident, scratch);
      ASSERT_TRUE(event);
      for (VariableId id = 0; id < variables.size(); ++id)
        found += event->get(id).raw.size();
      ASSERT_TRUE(validate(*event, scratch));
    }
  };
  read_all();
  read_all();  // names of types and the like have now stood in every buffer
  const std::size_t before = allocations;
  read_all();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_GT(before, 0U);  // the count counts
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace hookline::event

#endif
