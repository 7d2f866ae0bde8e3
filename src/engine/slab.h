// A table whose entries are named by handles that never mean another entry: an index and the
// generation of its place. Freed places are used again, so that a steady state allocates nothing.
// Handles are how asynchronous work (an attempt, a produce, a timer) finds back to what it was for,
// or learns that it is gone. One thread.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

namespace hookline::engine {

using Handle = std::uint64_t;  ///< generation << 32 | index; 0 is never given out

template <class T>
class Slab {
 public:
  Handle insert(T value) {
    std::uint32_t index;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(places_.size());
      places_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    Place& place = places_[index];
    place.value = std::move(value);
    place.used = true;
    ++size_;
    return handle(index);
  }

  /// nullptr if that entry is gone.
  T* find(Handle handle) {
    const auto index = static_cast<std::uint32_t>(handle);
    if (index >= places_.size()) return nullptr;
    Place& place = places_[index];
    return place.used && place.generation == handle >> 32 ? &place.value : nullptr;
  }

  T& operator[](std::uint32_t index) {
    assert(places_[index].used);
    return places_[index].value;
  }

  Handle handle(std::uint32_t index) const { return std::uint64_t{places_[index].generation} << 32 | index; }

  void erase(Handle handle) {
    const auto index = static_cast<std::uint32_t>(handle);
    assert(find(handle) != nullptr);
    Place& place = places_[index];
    place.value = T{};
    place.used = false;
    ++place.generation;
    free_.push_back(index);
    --size_;
  }

  bool is_used(std::uint32_t index) const { return index < places_.size() && places_[index].used; }
  std::size_t size() const { return size_; }

  /// Calls visit(handle, entry) for each entry; visit may erase that entry.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < places_.size(); ++i) {
      if (places_[i].used) visit(handle(i), places_[i].value);
    }
  }

 private:
  struct Place {
    T value{};
    std::uint32_t generation = 1;
    bool used = false;
  };
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace hookline::engine
