#!/usr/bin/env python3
"""Somebody new, with `hookline demo` running: a Slack-like webhook in the browser within two minutes, without reading a page.

    tests/ui/newcomer_test.py HOOKLINE [FOLDER FOR SCREENSHOTS]

The newcomer knows what the demo has printed and what stands on the screen: every click is on a text that is in sight, within the window as it
stands; what is not in sight has to be scrolled to, and that counts. Says what it took: clicks, keys, scrolls.
"""

import re
import sys
import time

from playwright.sync_api import expect

sys.dont_write_bytecode = True  # the sources stay as they are
import support
from support import SCREENS, incident, wait_for

# What a person needs: of the keystroke-level model, each with the thought before it; a scroll is read, too.
SECONDS = {"click": 1.35 + 1.1 + 0.2, "key": 0.28, "scroll": 1.35 + 2.0}
MOST = {"click": 6, "scroll": 2}

IN_SIGHT = """() => {
  const inside = (box) => box.width > 0 && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
  const seen = [];
  for (const element of document.querySelectorAll("main a, main button, main label, main h1, main h2, main summary, nav a")) {
    const box = element.getBoundingClientRect();
    if (!inside(box) || !element.checkVisibility()) continue;
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (top && (element.contains(top) || top.contains(element))) seen.push(element.innerText.replace(/\\s+/g, " ").trim());
  }
  return seen.filter(Boolean);
}"""


class Newcomer:
    """Clicks and types like a person, and keeps count."""

    def __init__(self, page, look):
        self.page, self.look = page, look
        self.took = {"click": 0, "key": 0, "scroll": 0}
        self.steps = []
        self.began = time.monotonic()

    def note(self, what):
        self.steps.append(what)
        if SCREENS:
            SCREENS.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=SCREENS / f"newcomer-{self.look}-{len(self.steps)}.png")

    def in_sight(self, locator):
        """Whole and not covered by anything."""
        return locator.evaluate("""(element) => {
          const box = element.getBoundingClientRect();
          const x = box.left + box.width / 2, y = box.top + box.height / 2;
          const top = document.elementFromPoint(x, y);
          return box.top >= 0 && box.bottom <= innerHeight && Boolean(top) && (element.contains(top) || top.contains(element));
        }""")

    def find(self, locator, what):
        expect(locator).to_be_visible()
        while not self.in_sight(locator):  # a turn of the wheel, as long as it takes
            before = self.page.evaluate("scrollY")
            self.page.mouse.move(4, 400)  # beside what has a wheel of its own
            self.page.mouse.wheel(0, 400)
            wait_for(lambda before=before: self.page.evaluate("scrollY") != before, f"the page goes on towards {what}")
            self.took["scroll"] += 1
        return locator

    def click(self, locator, what):
        self.find(locator, what)
        box = locator.bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.took["click"] += 1
        self.note(f"click {what}")

    def type(self, text, what):
        self.page.keyboard.insert_text(text)
        self.took["key"] += 2  # pasted
        self.note(f"paste {what}")

    def seconds(self):
        return sum(SECONDS[what] * count for what, count in self.took.items())


class FirstWebhook(support.Pages):
    def way(self, look, **context):
        """From the address that the demo prints to the first delivery."""
        printed = self.demo.printed()
        address = re.search(r"^  (http://\S+)\s+New webhook, Slack, URL (\S+), or", printed, re.M)
        page = self.open("", url=address.group(1), **context)
        expect(page.get_by_role("table")).to_be_visible()
        person = Newcomer(page, look)
        person.note("the page opens")
        labels = [page.evaluate(IN_SIGHT)]
        person.click(page.get_by_role("link", name="New webhook"), "New webhook")
        expect(page.get_by_role("heading", name="New webhook")).to_be_visible()
        labels.append(page.evaluate(IN_SIGHT))
        person.click(page.get_by_text("Slack", exact=True), "Slack")
        url = page.get_by_label("URL", exact=True)
        if not url.evaluate("(input) => input === document.activeElement"):
            person.click(url, "URL")
        person.find(url, "URL")
        labels.append(page.evaluate(IN_SIGHT))
        person.type(address.group(2).replace("my-channel", look), "the URL")
        if not person.in_sight(page.get_by_role("button", name="Send a test")) and page.get_by_role("button", name="Preview & test").is_visible():
            person.click(page.get_by_role("button", name="Preview & test"), "Preview & test")
        person.click(page.get_by_role("button", name="Send a test"), "Send a test")
        expect(page.get_by_text("delivered: HTTP 200")).to_be_visible()
        person.find(page.get_by_text("delivered: HTTP 200"), "the result")
        person.note("the test is delivered")
        labels.append(page.evaluate(IN_SIGHT))
        person.click(page.get_by_role("button", name="Create webhook"), "Create webhook")
        row = page.get_by_role("row", name=re.compile(r"slack(-\d)? "))
        made = page.get_by_text(re.compile(r"^slack(-\d)? is made and on\.")).inner_text()
        name = made.split(" ")[0]
        expect(row.last).to_be_visible()
        person.note("it is in the list")
        labels.append(page.evaluate(IN_SIGHT))
        self.demo.send("incident", incident(id=f"newcomer-{look}"))
        person.click(page.get_by_role("link", name="Its deliveries"), "Its deliveries")

        def delivered():
            page.get_by_role("button", name="Refresh").click()
            return page.locator(".entry", has_text="delivered").count() == 1
        wait_for(delivered, "the log shows the delivery")
        person.note("the delivery is in the log")
        labels.append(page.evaluate(IN_SIGHT))
        self.told(person, labels, name)
        return person

    def told(self, person, labels, name):
        print(f"\n{person.look}: {name} in {person.took['click']} clicks, {person.took['key']} keys, {person.took['scroll']} scrolls: "
              f"about {person.seconds():.0f} s of a person's time ({time.monotonic() - person.began:.0f} s here)")
        for step in person.steps:
            print(f"  {step}")
        for seen in labels:
            print(f"  in sight: {' | '.join(seen)}")
        # What is needed next stands in sight, and is called what a person would look for.
        self.assertIn("New webhook", labels[0])
        self.assertTrue(any(label.startswith("Slack") for label in labels[1]), labels[1])
        self.assertIn("URL", labels[2])
        self.assertIn("Create webhook", labels[2])
        self.assertEqual(self.complaints, [])
        for what, most in MOST.items():
            self.assertLessEqual(person.took[what], most, what)
        self.assertLess(person.seconds(), 60)  # half of the two minutes: the rest is for reading

    def test_on_a_laptop(self):
        self.way("laptop", viewport={"width": 1280, "height": 720})

    def test_on_a_telephone(self):
        self.way("telephone", viewport={"width": 390, "height": 844})

    def test_in_the_dark(self):
        self.way("dark", color_scheme="dark", viewport={"width": 1440, "height": 900})

    def test_by_keyboard(self):
        """The same without a pointer: what has the focus is told by its name, and Tab gets there."""
        page = self.open("", url=self.demo.url)
        keys = 0

        def reach(name):
            nonlocal keys
            for _ in range(60):
                page.keyboard.press("Tab")
                keys += 1
                focused = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()")
                if focused.startswith(name):
                    return
            raise AssertionError(f"Tab does not get to {name}")

        reach("New webhook")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="New webhook")).to_be_focused()
        reach("Slack")
        page.keyboard.press("Space")
        expect(page.get_by_role("radio", name=re.compile("^Slack"))).to_be_focused()  # nothing is closed under the keyboard
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("radio", name=re.compile("^Microsoft Teams"))).to_be_focused()
        page.keyboard.press("ArrowUp")
        reach("URL")
        page.keyboard.type(f"{self.receiver.url}/keys")
        reach("Other types")
        page.keyboard.type("my_own_*")
        page.keyboard.press("Enter")  # taken, and the form is not saved by it
        expect(page.get_by_text("my_own_*", exact=True)).to_be_visible()
        reach("Send a test")
        page.keyboard.press("Enter")
        expect(page.get_by_text("delivered: HTTP 200")).to_be_visible()
        self.assertIn("[Test message]", self.receiver.bodies("/keys")[0])
        page.get_by_label("URL", exact=True).focus()
        page.keyboard.press("Enter")  # in any field: saved
        expect(page.get_by_text(re.compile(r"^slack(-\d)? is made and on\."))).to_be_visible()
        print(f"\nkeyboard: {keys} times Tab")
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    support.main()
