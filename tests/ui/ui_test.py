#!/usr/bin/env python3
"""The web UI in a real Chromium, against `hookline demo` as a user starts it.

    tests/ui/ui_test.py HOOKLINE [FOLDER FOR SCREENSHOTS [UNITTEST ARGUMENTS, e.g. -k token]]

One user's way in one browser: a webhook is built, previewed, tested, sent to; its receiver breaks; what died is found and looked at;
the webhook is disabled and deleted. Then what must not happen: event data that runs, pages that are wider than a narrow screen,
errors in the browser's console. Elements are found by what they are called, so a label that is lost fails the test.
"""

import json
import re
import sys

from playwright.sync_api import expect

sys.dont_write_bytecode = True  # the sources stay as they are
import support
from support import BINARY, incident

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
TOKEN_RUN = """kafka: {bootstrap.servers: '127.0.0.1:1', group.id: ui}
topics: {incident: [ops.incidents]}
webhooks: [webhooks.yaml]
admin: {listen: '127.0.0.1:0', token: '${env:UI_TOKEN}'}
"""  # its Kafka does not answer: the log-in does not need it
QUIET = "name: quiet\nevents: [incident]\nendpoints: [{url: 'https://receiver.example.com/'}]\n"


class WebUi(support.Pages):
    def test_1_a_webhook_from_the_first_click_to_the_last(self):
        page = self.open()
        page.get_by_role("link", name="New webhook").click()
        page.get_by_role("radio", name=re.compile("^Slack")).check()
        expect(page.get_by_label("Name", exact=True)).to_have_value("slack")
        expect(page.get_by_label("URL", exact=True)).to_have_attribute("placeholder", re.compile("hooks.slack.com"))
        self.build_filter(page)
        self.preview(page)
        self.mend_and_test(page)
        page.get_by_role("button", name="Create webhook").click()
        expect(page.get_by_role("row", name=re.compile("team-alerts"))).to_be_visible()
        self.delivered(page)
        self.broken(page)
        self.replayed(page)
        self.switched_and_deleted(page)
        self.assertEqual(self.complaints, [])

    def build_filter(self, page):
        page.get_by_role("button", name="+ Service").click()
        page.get_by_role("button", name=re.compile("^card-payments")).click()  # seen in the demo's show
        page.get_by_role("button", name="+ Group").click()
        group = page.get_by_role("group", name="A group of conditions")
        group.get_by_label("Attribute", exact=True).select_option("severity")
        group.get_by_label("Value of severity").fill("high")
        group.get_by_label("Value of severity").press("Enter")
        group.get_by_role("button", name="critical").click()
        group.get_by_role("button", name="+ Alert source").click()
        group.get_by_label("Value of alert_source").fill("pingdom")
        group.get_by_label("Value of alert_source").press("Enter")
        expect(page.get_by_label("The filter it makes")).to_have_text('service == "card-payments" && (severity in ["high", "critical"] || alert_source == "pingdom")')
        page.get_by_role("button", name="Write it as text").click()
        expect(page.get_by_label("The filter as text")).to_have_value(re.compile("^service == "))
        page.get_by_role("button", name="Use the builder").click()
        expect(page.get_by_label("The filter it makes")).to_contain_text("pingdom")

    def preview(self, page):
        preview = page.get_by_role("complementary", name="Preview")
        preview.get_by_label("Sample event").select_option("incident_triggered")
        expect(preview.get_by_text("would be sent", exact=True)).to_be_visible()
        expect(preview.get_by_label("Body of the request")).to_contain_text("INCIDENT TRIGGERED")
        expect(preview.get_by_text(re.compile("Of the last .* would have matched"))).to_be_visible()
        preview.get_by_text("A real event", exact=True).click()
        real = preview.get_by_label("Real event", exact=True)
        expect(real.locator("option").first).to_contain_text(re.compile("_"))
        self.assertGreaterEqual(real.locator("option").count(), 8)
        preview.get_by_text("Paste one", exact=True).click()
        preview.get_by_label("Event as JSON").fill(json.dumps(incident(service="other")))
        expect(preview.get_by_text("would not be sent", exact=True)).to_be_visible()
        expect(preview.locator(".terms")).to_contain_text("other")
        self.picture(page, "form")
        preview.get_by_text("A sample", exact=True).click()

    def mend_and_test(self, page):
        page.get_by_label("Name", exact=True).fill("not a name")
        page.get_by_role("button", name="Create webhook").click()
        expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_label("URL", exact=True)).to_have_attribute("aria-invalid", "true")
        self.picture(page, "mistakes")
        page.get_by_label("Name", exact=True).fill("team-alerts")
        page.get_by_label("URL", exact=True).fill(f"{self.receiver.url}/chat")
        page.get_by_label("When an attempt fails, try again").select_option("own")
        page.get_by_label("Waits", exact=True).fill("100ms, 200ms")
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("delivered: HTTP 200")).to_be_visible()
        expect(page.get_by_label("The receiver's answer")).to_have_text("ok")
        self.assertIn("[Test message]", self.receiver.bodies("/chat")[0])

    def delivered(self, page):
        self.demo.send("incident", incident(id="ui-1", message=f"first {EVIL}"))
        support.wait_for(lambda: len(self.receiver.bodies("/chat")) == 2, "the event arrives")
        self.log_of(page, "team-alerts", lambda: page.locator(".entry"))
        page.locator(".entry > summary").first.click()
        expect(page.get_by_label("Body of the request")).to_be_visible()
        expect(page.get_by_label("Body of the request")).to_contain_text("first")
        self.picture(page, "log")

    def broken(self, page):
        self.receiver.sick = True
        self.demo.send("incident", incident(id="ui-2", message=f"second {EVIL}"))
        support.wait_for(lambda: len(self.receiver.bodies("/chat")) == 5, "three attempts are made")
        self.log_of(page, "team-alerts", lambda: page.locator(".entry", has_text="dead letter: exhausted"))
        page.get_by_label("Outcome").select_option("dead_lettered")
        expect(page.locator(".entry")).to_have_count(1)  # the delivered one is gone
        page.locator(".entry > summary", has_text="exhausted").click()
        expect(page.get_by_label("The answer").last).to_contain_text("it hurts <img src=x onerror=alert(1)>")
        self.picture(page, "log-dead")
        self.go(page, "/dead-letters?webhook=team-alerts")
        expect(page.get_by_role("heading", name="By cause: 1 dead letter")).to_be_visible()
        page.locator(".entry > summary").click()
        expect(page.get_by_label("The event", exact=True)).to_contain_text("second <img src=x")
        self.picture(page, "dead-letters")
        page.get_by_label(re.compile("^Where")).fill("severity ==")
        expect(page.get_by_role("search").locator(".error")).not_to_be_empty()
        page.get_by_label(re.compile("^Where")).fill('id == "ui-2"')
        expect(page.locator(".entry")).to_have_count(1)
        self.receiver.sick = False
        self.assertIsNone(page.evaluate("window.pwned ?? null"))

    def replayed(self, page):
        page.get_by_role("button", name=re.compile("^Replay 1 dead letter")).click()
        page.get_by_role("dialog").get_by_role("button", name="Replay", exact=True).click()
        support.wait_for(lambda: len(self.receiver.bodies("/chat")) == 6, "the dead letter arrives")
        expect(page.get_by_text(re.compile("^Replay done"))).to_be_visible()
        self.picture(page, "replay")

    def switched_and_deleted(self, page):
        self.go(page, "/webhooks")
        page.get_by_role("switch", name="team-alerts is on").click()
        page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        expect(page.get_by_role("switch", name="team-alerts is on")).to_have_attribute("aria-checked", "false")
        self.assertEqual(self.demo.get("api/v1/webhooks/team-alerts")["state"], "off")
        page.get_by_role("switch", name="team-alerts is on").press("Enter")  # on again needs no question
        expect(page.get_by_role("switch", name="team-alerts is on")).to_have_attribute("aria-checked", "true")
        self.change(page)
        page.get_by_role("button", name="Delete team-alerts").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Delete team-alerts").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("row", name=re.compile("team-alerts"))).to_have_count(0)
        self.assertNotIn("team-alerts", json.dumps(self.demo.get("api/v1/webhooks")))

    def change(self, page):
        """A secret goes in, and does not come out."""
        page.get_by_role("link", name="Edit team-alerts").click()
        page.get_by_label("Log-in").select_option("bearer")
        page.get_by_label("Token", exact=True).fill("s3cret-of-the-test")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("switch", name="team-alerts is on")).to_be_visible()
        page.get_by_role("link", name="Edit team-alerts").click()
        expect(page.get_by_label("Token", exact=True)).to_have_attribute("placeholder", re.compile("stored"))
        self.assertNotIn("s3cret-of-the-test", page.content())
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("delivered: HTTP 200")).to_be_visible()
        self.go(page, "/webhooks")

    def test_2_a_webhook_of_a_file_is_read_only_but_for_its_switch(self):
        page = self.open("/webhooks/detections")
        expect(page.get_by_label("URL", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        page.get_by_role("switch").click()
        page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        support.wait_for(lambda: self.demo.get("api/v1/webhooks/detections")["state"] == "off", "the switch is off")
        page.get_by_role("switch").click()
        support.wait_for(lambda: self.demo.get("api/v1/webhooks/detections")["state"] == "on", "the switch is on")
        self.assertEqual(self.complaints, [])

    def test_3_a_policy(self):
        page = self.open("/policies")
        page.get_by_role("link", name="New policy").click()
        page.get_by_label("Name", exact=True).fill("critical-hosts")
        page.get_by_role("checkbox", name=re.compile("^Incidents")).check()
        page.get_by_label("From", exact=True).select_option("ip_range")
        page.get_by_label("Which").fill("10.0.0.0/8")
        page.get_by_role("checkbox", name="team-chat").check()
        page.get_by_role("button", name="Create policy").click()
        expect(page.get_by_role("row", name=re.compile("critical-hosts.*network 10.*team-chat"))).to_be_visible()
        self.picture(page, "policies")
        page.get_by_role("button", name="Delete critical-hosts").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="No policies yet")).to_be_visible()
        self.assertEqual(self.complaints, [])

    def test_4_event_data_does_not_run(self):
        self.demo.send("incident", incident(id=EVIL, message=EVIL, service=EVIL, alert_source=EVIL))
        page = self.open("/webhooks/new")
        preview = page.get_by_role("complementary", name="Preview")

        def offered():
            page.reload()
            preview.get_by_text("A real event", exact=True).click()
            expect(preview.get_by_label("Real event", exact=True).locator("option").first).to_contain_text("_")
            return "<img" in preview.get_by_label("Real event", exact=True).text_content()

        support.wait_for(offered, "the event is offered")
        page.get_by_role("button", name="+ Service").click()
        page.get_by_role("button", name=re.compile("^<img src=x")).click()
        expect(page.get_by_label("The filter it makes")).to_contain_text("<img src=x")
        expect(preview.get_by_label("Body of the request")).to_contain_text("<script>")
        preview.get_by_text("The event", exact=True).click()
        for path in ("/webhooks", "/webhooks/team-chat/log", "/status", "/dead-letters", f"/webhooks/{EVIL}", f"/webhooks/{EVIL}/log"):
            page.goto(f"{self.demo.url}#{path}")
            page.wait_for_timeout(500)
        self.assertIsNone(page.evaluate("window.pwned ?? null"))
        # And if a script came in all the same, the policy of the page stops it.
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=1\">')")
        page.wait_for_timeout(300)
        self.assertIsNone(page.evaluate("window.pwned ?? null"))

    def test_5_narrow_and_dark_and_by_keyboard(self):
        pages = {"list": "/webhooks", "new": "/webhooks/new", "log-of-file": "/webhooks/team-chat/log", "letters": "/dead-letters", "status": "/status",
                 "correlations": "/correlations", "policy": "/policies/new"}
        for look, context in {"dark": {"color_scheme": "dark"}, "narrow": {"viewport": {"width": 360, "height": 740}}, "light": {}}.items():
            page = self.open(**context)
            for name, path in pages.items():
                self.go(page, path)
                page.wait_for_timeout(400)
                self.picture(page, f"{look}-{name}")
                self.assertTrue(page.locator("nav [aria-current]").evaluate("(link) => link.getBoundingClientRect().right <= innerWidth"), f"{path} is not seen to be open ({look})")
                self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"), 0, f"{path} is wider than the screen ({look})")
            if look == "dark":
                self.assertLess(sum(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))[:3])), 150)
        self.go(page, "/webhooks")
        expect(page.locator("h1")).to_be_focused()  # a reader of the screen is told the new page
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="New webhook")).to_be_focused()
        self.assertEqual(self.complaints, [])

    def test_6_filters_are_read_as_they_are_written(self):
        page = self.open()
        wrong = page.evaluate("""async () => {
          const { read, write, operators } = await import("./ui/filter.js");
          const names = Object.keys(operators).filter((name) => name !== "given");  // "is given, and contains" is written as "contains"
          let seed = 7;
          const pick = (n) => (seed = (seed * 48271) % 2147483647) % n;
          const texts = ["a", 'q"uote', "back\\\\slash", "ü", "x || y", "(", "'", "new\\nline"];
          const condition = () => {
            const operator = names[pick(names.length)], most = operators[operator].most;
            const values = Array.from({ length: most === 0 ? 0 : most === 1 ? 1 : 1 + pick(3) }, () => texts[pick(texts.length)]);
            return { attribute: ["service", "severity", "labels.team"][pick(3)], operator, values };
          };
          const group = (depth) => ({ all: pick(2) === 0, items: Array.from({ length: 2 + pick(2) }, () => (depth > 0 && pick(3) === 0 ? group(depth - 1) : condition())) });
          const wrong = [];
          for (let i = 0; i < 500; ++i) {
            const text = write(group(2));
            const again = read(text);
            if (again === null || write(again) !== text) wrong.push([text, again && write(again)]);
          }
          for (const text of ["a != null", 'a != null && b == "x"']) if (write(read(text)) !== text) wrong.push(text);
          for (const text of ["size(x) > 3", "!(a || b)", "a &&", "service ==", 'service in []', "a ? b : c"]) if (read(text) !== null) wrong.push(text);
          return wrong;
        }""")
        self.assertEqual(wrong, [])

    def test_7_a_token_is_asked_for_and_kept_for_the_tab(self):
        token = "t0ken-of-the-test"
        run = support.Run(BINARY, TOKEN_RUN, {"webhooks.yaml": QUIET}, {"UI_TOKEN": token})
        self.addCleanup(run.close)
        context = self.browser.new_context()
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto(run.url)
        dialog = page.get_by_role("dialog", name="Log in")
        dialog.get_by_label("Token", exact=True).fill("wrong")
        dialog.get_by_role("button", name="Log in").click()
        expect(dialog.get_by_text("The server does not know that token.")).to_be_visible()
        self.picture(page, "login")
        dialog.get_by_label("Token", exact=True).fill(token)
        dialog.get_by_label("Token", exact=True).press("Enter")
        expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()
        self.assertEqual(context.cookies(), [])
        self.assertEqual(page.evaluate("localStorage.length"), 0)
        page.get_by_role("button", name="Log out").click()
        expect(dialog).to_be_visible()

    def test_8_a_storm_is_told_while_it_lasts(self):
        hosts = [f"127.0.0.{last}" for last in (11, 12, 13)]
        first = support.Receiver(hosts[0])
        first.close()  # nobody listens there now, on any of the three
        for i, host in enumerate(hosts):
            self.demo.call("POST", "api/v1/webhooks", {"name": f"cut-{i}", "events": ["story_created"], "retry": {"schedule": ["1s"] * 50},
                                                      "endpoints": [{"url": f"http://{host}:{first.port}/storm"}]})
        page = self.open("/status")
        expect(page.get_by_role("heading", name="Endpoints")).to_be_visible()
        self.demo.send("detection", *[{"event_type": "story_created", "id": f"storm-{i}"} for i in range(300)])  # far more than all else of the last minute
        told = page.get_by_role("note").filter(has_text="no events have been taken in for")
        expect(told).to_contain_text("Nothing is lost; it goes on by itself")
        self.picture(page, "storm")
        receivers = [support.Receiver(host, first.port) for host in hosts]
        for receiver in receivers:
            self.addCleanup(receiver.close)
        expect(told).to_have_count(0)
        support.wait_for(lambda: all(len({json.loads(body)["id"] for body in receiver.bodies("/storm")}) == 300 for receiver in receivers), "all of them arrive",
                         support.AFTER_A_MINUTE)
        for i in range(len(hosts)):
            self.demo.call("DELETE", f"api/v1/webhooks/cut-{i}")
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    support.main()
