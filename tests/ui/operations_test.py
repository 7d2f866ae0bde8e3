#!/usr/bin/env python3
"""What the web UI shows to those who run a Hookline, in a real Chromium, with three processes of one group: `hookline demo` and two that
`hookline run` adds, the third with tokens.

    tests/ui/operations_test.py HOOKLINE [FOLDER FOR SCREENSHOTS [UNITTEST ARGUMENTS, e.g. -k token]]
"""

import json
import os
import re
import sys

from playwright.sync_api import expect

sys.dont_write_bytecode = True  # the sources stay as they are
import support
from support import BINARY, incident, wait_for

TOKENS = "  tokens: [{name: viewer, token: view-it, scopes: [read]}, {name: shift, token: run-it, scopes: [read, operate]}, " \
         "{name: robot, token: do-it, scopes: [operate]}, {name: chief, token: own-it, scopes: [admin]}]"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def hook(name, url, **more):
    """A webhook that takes the incidents whose id begins with its name."""
    return {"name": name, "events": ["incident"], "filter": f'id.startsWith("{name}")', "endpoints": [{"url": url}], **more}


class Operations(support.Pages):
    @classmethod
    def setUpClass(cls):
        os.environ["HOOKLINE_SECRET_KEY"] = KEY  # the processes read each other's secrets
        super().setUpClass()
        cls.second = support.run_beside(cls.demo, BINARY)
        cls.addClassCleanup(cls.second.close)
        cls.guarded = support.run_beside(cls.demo, BINARY, TOKENS)
        cls.addClassCleanup(cls.guarded.close)
        wait_for(lambda: cls.second.ready() and cls.guarded.ready(), "three processes are ready")

    def make(self, name, **more):
        self.demo.call("POST", "api/v1/webhooks", hook(name, f"{self.receiver.url}/{name}", **more))
        self.addCleanup(self.drop, name)
        for process in (self.second, self.guarded):
            wait_for(lambda process=process: name in json.dumps(process.call("GET", "api/v1/webhooks", token="view-it")), f"{name} is known")

    def drop(self, name):
        if name in [webhook["name"] for webhook in self.demo.get("api/v1/webhooks")["items"]]:
            self.demo.call("DELETE", f"api/v1/webhooks/{name}")

    def refreshed(self, page, fact, what):
        def seen():
            page.get_by_role("button", name="Refresh").click()
            expect(page.get_by_role("button", name="Refresh")).to_be_enabled()
            return fact()
        wait_for(seen, what)

    def log_in(self, token, path="/webhooks"):
        context = self.browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(support.PATIENCE * 1000)
        self.addCleanup(context.close)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.guarded.url}#{path}")
        page.get_by_role("dialog", name="Log in").get_by_label("Token", exact=True).fill(token)
        page.keyboard.press("Enter")
        expect(page.locator("main h1")).to_be_visible()
        return page

    def test_1_what_one_process_does_all_three_show(self):
        first, second, third = self.open(), self.open(url=self.second.url), self.log_in("own-it")
        first.get_by_role("link", name="New webhook").click()
        first.get_by_role("radio", name=re.compile("^ServiceNow: create")).check()
        first.get_by_label("Name", exact=True).fill("tickets")
        first.get_by_label("URL", exact=True).fill(f"{self.receiver.url}/tickets")
        first.get_by_role("button", name="Create webhook").click()
        for page, url in ((first, self.demo.url), (second, self.second.url), (third, self.guarded.url)):
            def shown(page=page, url=url):
                self.go(page, "/status", url)
                self.go(page, "/webhooks", url)
                return page.get_by_role("row", name=re.compile("tickets")).count() == 1
            wait_for(shown, "the webhook is in the list")

        # Corrected in the second: the form of the third has it.
        second.get_by_role("link", name="Edit tickets").click()
        second.get_by_label("Description", exact=True).fill("corrected in the second")
        second.get_by_role("button", name="Save").click()
        expect(second.get_by_role("row", name=re.compile("corrected in the second"))).to_be_visible()

        def corrected():
            self.go(third, "/webhooks", self.guarded.url)
            self.go(third, "/webhooks/tickets", self.guarded.url)
            return third.get_by_label("Description", exact=True).input_value() == "corrected in the second"
        wait_for(corrected, "the third shows the correction")

        # Whoever delivers: all show it, with its attempt, and the ticket that it made.
        self.receiver.answers["/tickets"] = json.dumps({"result": {"sys_id": "sys-77"}})
        self.demo.send("incident", {"event_type": "story_created", "storyId": "st-1", "title": "three", "contentText": "text"})
        wait_for(lambda: self.receiver.bodies("/tickets"), "the ticket is made")
        for page, url in ((first, self.demo.url), (second, self.second.url), (third, self.guarded.url)):
            self.log_of(page, "tickets", lambda page=page: page.locator(".entry", has_text="story_created"), url)
            page.locator(".entry > summary").first.click()
            expect(page.get_by_label("Body of the request")).to_contain_text("STORY CREATED: three")
            self.go(page, "/correlations", url)
            self.refreshed(page, lambda page=page: page.get_by_role("row", name=re.compile("st-1.*sys-77")).count() == 1, "the ticket's id is shown")

        # Forgotten in the third, gone in the first; set in the first, there in the second.
        third.get_by_role("button", name="Forget st-1").click()
        third.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(third.get_by_role("row", name=re.compile("st-1"))).to_be_visible()
        third.get_by_role("button", name="Forget st-1").click()
        third.get_by_role("dialog").get_by_role("button", name="Forget").click()
        expect(third.get_by_role("heading", name="No correlations")).to_be_visible()
        self.refreshed(first, lambda: first.get_by_role("row", name=re.compile("st-1")).count() == 0, "the first has forgotten it")
        self.set_by_hand(first, second)
        for page in (first, second, third):
            page.close()
        self.drop("tickets")
        self.assertEqual(self.complaints, [])

    def set_by_hand(self, page, other):
        page.get_by_text("Set an id by hand", exact=True).click()
        form = page.get_by_role("form", name="Set an id by hand")
        form.get_by_label("Key of the story or incident").fill("st-2")
        form.get_by_label("Id of the item").fill("sys-1")
        form.get_by_label("Its number, for people").fill("INC0001")
        form.get_by_role("button", name="Set the id").click()
        expect(page.get_by_role("row", name=re.compile("st-2.*sys-1.*INC0001"))).to_be_visible()
        # Another id for the same key destroys something: it is asked first.
        form.get_by_label("Key of the story or incident").fill("st-2")
        form.get_by_label("Id of the item").fill("sys-2")
        form.get_by_role("button", name="Set the id").click()
        question = page.get_by_role("dialog", name="Replace the id of st-2?")
        expect(question).to_contain_text("no longer to sys-1")
        question.get_by_role("button", name="Cancel").click()
        self.picture(page, "correlations-set")
        self.assertEqual([item["id"] for item in self.demo.get("api/v1/correlations?key=st-2")["items"]], ["sys-1"])
        form.get_by_role("button", name="Set the id").click()
        page.get_by_role("dialog").get_by_role("button", name="Replace").click()
        expect(page.get_by_role("row", name=re.compile("st-2.*sys-2"))).to_be_visible()
        self.refreshed(other, lambda: other.get_by_role("row", name=re.compile("st-2.*sys-2")).count() == 1, "the second shows what was set")
        page.get_by_role("button", name="Forget st-2").click()
        page.get_by_role("dialog").get_by_role("button", name="Forget").click()
        expect(page.get_by_role("row", name=re.compile("st-2"))).to_have_count(0)

    def test_2_a_circuit_that_opens_and_closes(self):
        self.receiver.sick = True
        self.addCleanup(setattr, self.receiver, "sick", False)
        self.make("flaky", retry={"schedule": ["300ms"] * 20})
        self.demo.send("incident", *[incident(id=f"flaky-{i}") for i in range(60)])
        pages = [self.open("/status"), self.open("/status", url=self.second.url), self.log_in("view-it", "/status")]

        def is_open(page):
            return page.get_by_role("row", name=re.compile("flaky.* open")).count() == 1
        page = wait_for(lambda: next(filter(is_open, pages), None), "a process shows the open circuit")
        expect(page.get_by_role("note").filter(has_text="Circuit open")).to_contain_text("flaky")
        self.picture(page, "circuit-open")
        page.get_by_role("link", name="Webhooks", exact=True).click()
        expect(page.get_by_role("row", name=re.compile("flaky")).get_by_role("link", name="circuit open")).to_be_visible()
        self.picture(page, "circuit-open-list")
        page.get_by_role("row", name=re.compile("flaky")).get_by_role("link", name="circuit open").click()
        self.receiver.sick = False
        expect(page.get_by_role("row", name=re.compile("flaky.* closed"))).to_be_visible()
        expect(page.get_by_role("note").filter(has_text="Circuit open")).to_have_count(0)
        wait_for(lambda: len({json.loads(body)["id"] for body in self.receiver.bodies("/flaky")}) == 60, "all of them arrive", support.AFTER_A_MINUTE)
        self.assertEqual(self.complaints, [])

    def test_3_two_people_change_the_same_webhook(self):
        self.make("shared", description="as it was")
        mine, theirs = self.open("/webhooks/shared"), self.open("/webhooks/shared", url=self.second.url)
        theirs.get_by_label("Description", exact=True).fill("their words")
        theirs.get_by_label("Rate limit", exact=True).evaluate("(input) => input.closest('details').open = true")
        theirs.get_by_label("Rate limit", exact=True).fill("7/s")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_role("row", name=re.compile("their words"))).to_be_visible()
        wait_for(lambda: self.demo.get("api/v1/webhooks/shared")["description"] == "their words", "it is in force")

        mine.get_by_label("Description", exact=True).fill("my words")
        mine.get_by_label("URL", exact=True).fill(f"{self.receiver.url}/mine")
        mine.get_by_role("button", name="Save").click()
        told = mine.get_by_role("alert")
        expect(told).to_contain_text("Not saved: somebody has changed it")
        expect(told).to_contain_text("You both changed description.")
        expect(mine.get_by_role("complementary", name="Preview").locator(".url")).to_contain_text("/mine")  # the preview has come, and the message stays
        told.get_by_text("What they wrote there").click()
        expect(told.get_by_label("What they wrote")).to_contain_text("their words")
        self.picture(mine, "conflict", full_page=False)
        self.assertEqual(self.demo.get("api/v1/webhooks/shared")["description"], "their words")  # nothing is overwritten
        self.assertEqual(mine.get_by_label("Description", exact=True).input_value(), "my words")  # and nothing lost

        told.get_by_role("button", name=re.compile("^Keep my changes")).click()
        expect(mine.get_by_label("Rate limit", exact=True)).to_have_value("7/s")
        expect(mine.get_by_label("Description", exact=True)).to_have_value("my words")
        mine.get_by_role("button", name="Save").click()
        expect(mine.get_by_role("row", name=re.compile("my words"))).to_be_visible()
        merged = self.demo.get("api/v1/webhooks/shared")
        self.assertEqual([merged["description"], merged["rate_limit"], merged["endpoints"][0]["url"]], ["my words", "7/s", f"{self.receiver.url}/mine"])

        # The other way on, and the switch, which is no change of the definition.
        self.go(theirs, "/webhooks/shared", self.second.url)
        wait_for(lambda: self.second.call("GET", "api/v1/webhooks/shared")["description"] == "my words", "the second knows")
        theirs.reload()
        theirs.get_by_label("Description", exact=True).fill("late words")
        theirs.get_by_role("switch").click()
        theirs.get_by_role("dialog").get_by_role("button", name="Disable").click()
        expect(theirs.get_by_role("switch")).to_have_attribute("aria-checked", "false")
        theirs.get_by_role("button", name="Save").click()
        expect(theirs.get_by_role("row", name=re.compile("late words"))).to_be_visible()
        self.go(mine, "/webhooks/shared")
        wait_for(lambda: self.demo.get("api/v1/webhooks/shared")["description"] == "late words", "the first knows")
        mine.reload()
        mine.get_by_label("Description", exact=True).fill("dropped words")
        self.second.call("PATCH", "api/v1/webhooks/shared", {"description": "newest words"})
        wait_for(lambda: self.demo.get("api/v1/webhooks/shared")["description"] == "newest words", "the first knows")
        mine.get_by_role("button", name="Save").click()
        mine.get_by_role("alert").get_by_role("button", name="Load theirs, drop mine").click()
        expect(mine.get_by_label("Description", exact=True)).to_have_value("newest words")

        # Deleted under the hands: told, and made anew if that is wanted.
        mine.get_by_label("Description", exact=True).fill("risen again")
        self.drop("shared")
        mine.get_by_role("button", name="Save").click()
        expect(mine.get_by_role("alert")).to_contain_text("somebody has deleted it")
        mine.get_by_role("button", name="Make it anew from this").click()
        mine.get_by_role("button", name="Create webhook").click()
        expect(mine.get_by_role("row", name=re.compile("risen again"))).to_be_visible()
        self.assertEqual(self.complaints, [])

    def test_4_two_people_change_the_same_policy(self):
        self.demo.call("POST", "api/v1/policies", {"name": "common", "on": ["incident"], "notify": ["team-chat"]})
        self.addCleanup(self.demo.call, "DELETE", "api/v1/policies/common")
        page = self.open("/policies/common")
        page.get_by_label("Description", exact=True).fill("mine")
        self.demo.call("PUT", "api/v1/policies/common", {"name": "common", "on": ["incident"], "notify": ["team-chat"], "criteria": 'severity == "high"'})
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("has changed it just now, after you opened it: criteria.")
        page.get_by_role("button", name=re.compile("^Keep my changes")).click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name=re.compile('common mine.*severity == "high"'))).to_be_visible()
        self.assertEqual(self.complaints, [])

    def test_5_a_token_that_may_only_look(self):
        self.make("watched", retry={"schedule": []})
        self.receiver.sick = True
        self.addCleanup(setattr, self.receiver, "sick", False)
        self.demo.send("incident", incident(id="watched-1"))
        wait_for(lambda: self.demo.get("api/v1/dead-letters?webhook=watched")["items"], "a dead letter")
        page = self.log_in("view-it")
        expect(page.locator("#who")).to_have_text("viewer: read")
        expect(page.get_by_role("switch", name="watched is on")).to_be_disabled()
        for name in ("New webhook", "Delete watched"):
            self.assertEqual(page.get_by_text(name).count() + page.get_by_label(name).count(), 0, name)
        self.picture(page, "viewer-list")
        page.get_by_role("link", name="watched", exact=True).click()
        expect(page.get_by_text("The token “viewer” may not change it: it has not got the scope admin.")).to_be_visible()
        expect(page.get_by_label("URL", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        preview = page.get_by_role("complementary", name="Preview")
        expect(preview.get_by_text(re.compile("^would (not )?be sent$"))).to_be_visible()  # a preview of what is saved works
        expect(preview.get_by_text("The token “viewer” may not send tests")).to_be_visible()
        expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
        self.picture(page, "viewer-form")
        for path in ("/webhooks/new", "/policies/new"):
            self.go(page, path, self.guarded.url)
            expect(page.get_by_text("The token “viewer” may not make one")).to_be_visible()
        self.log_of(page, "watched", lambda: page.locator(".entry"), self.guarded.url)
        page.locator(".entry > summary").first.click()
        expect(page.get_by_text("The token “viewer” may not deliver it again")).to_be_visible()
        self.go(page, "/dead-letters?webhook=watched", self.guarded.url)
        expect(page.get_by_text("The token “viewer” may not replay them")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("^Replay"))).to_have_count(0)
        self.go(page, "/correlations", self.guarded.url)
        expect(page.get_by_text("The token “viewer” may not forget or set ids")).to_be_visible()
        for path in ("/policies", "/status", "/deliveries"):
            self.go(page, path, self.guarded.url)
            expect(page.get_by_text("Not allowed")).to_have_count(0)
        self.assertEqual(self.complaints, [])

    def test_6_a_token_that_may_operate(self):
        self.make("worked", retry={"schedule": []})
        page = self.log_in("run-it")
        page.get_by_role("switch", name="worked is on").click()
        page.get_by_role("dialog").get_by_role("button", name="Disable").click()
        expect(page.get_by_role("switch", name="worked is on")).to_have_attribute("aria-checked", "false")
        page.get_by_role("switch", name="worked is on").click()
        expect(page.get_by_role("switch", name="worked is on")).to_have_attribute("aria-checked", "true")
        self.assertEqual(page.get_by_role("link", name="New webhook").count(), 0)
        page.get_by_role("link", name="worked", exact=True).click()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("delivered: HTTP 200")).to_be_visible()

        # One that dies, and is delivered again from the log: what comes of it appears by itself.
        self.receiver.sick = True
        self.addCleanup(setattr, self.receiver, "sick", False)
        self.demo.send("incident", incident(id="worked-1"))
        self.log_of(page, "worked", lambda: page.locator(".entry", has_text="dead letter"), self.guarded.url)
        self.receiver.sick = False
        page.locator(".entry > summary").first.click()
        page.get_by_role("button", name="Deliver again").click()
        page.get_by_role("dialog").get_by_role("button", name="Deliver again").click()
        expect(page.get_by_text("On its way: in about")).to_be_visible()
        self.picture(page, "deliver-again")
        expect(page.locator(".entry > summary .badge")).to_have_text("delivered")
        expect(page.locator(".attempt")).to_have_count(2)
        self.picture(page, "delivered-again")

        # A dead letter is replayed.
        self.receiver.sick = True
        self.demo.send("incident", incident(id="worked-2"))
        wait_for(lambda: len(self.demo.get("api/v1/dead-letters?webhook=worked")["items"]) == 2, "a dead letter more")
        self.receiver.sick = False
        before = len(self.receiver.bodies("/worked"))
        self.go(page, "/dead-letters?webhook=worked", self.guarded.url)
        page.get_by_role("button", name=re.compile("^Replay")).click()
        page.get_by_role("dialog").get_by_role("button", name="Replay", exact=True).click()
        expect(page.get_by_text(re.compile("^Replay done"))).to_be_visible()
        wait_for(lambda: len(self.receiver.bodies("/worked")) > before, "it arrives")

        # A page that believes that it may more is refused in words.
        page.route("**/api/v1/token", lambda route: route.fulfill(json={"name": "shift", "scopes": ["read", "operate", "admin"]}))
        self.go(page, "/webhooks", self.guarded.url)
        page.get_by_role("button", name="Delete worked").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_text("worked could not be deleted: the token 'shift' has not got the scope admin")).to_be_visible()
        page.get_by_role("link", name="Edit worked").click()
        page.get_by_label("Description", exact=True).fill("not mine to say")
        expect(page.get_by_role("complementary", name="Preview").get_by_text("has not got the scope admin")).to_be_visible()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Not saved: the token 'shift' has not got the scope admin")
        self.picture(page, "refused", full_page=False)
        self.assertEqual(self.complaints, [])

    def test_7_a_token_that_may_not_look(self):
        page = self.log_in("do-it")
        expect(page.get_by_text("The token “robot” may not look: it has not got the scope read.")).to_be_visible()
        self.picture(page, "robot")
        page.get_by_role("button", name="Log in with another token").click()
        page.get_by_role("dialog", name="Log in").get_by_label("Token", exact=True).fill("view-it")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Webhooks", exact=True)).to_be_visible()
        self.assertEqual(self.complaints, [])

    def test_8_secrets_stay_when_they_are_left_alone(self):
        self.demo.call("POST", "api/v1/webhooks", {
            "name": "sealed", "events": ["incident"], "filter": 'id.startsWith("sealed")', "secret_url": True, "auth": {"bearer": "bearer-1"}, "signing": {"secrets": ["whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"]},
            "endpoints": [{"url": f"{self.receiver.url}/first-secret"}, {"url": f"{self.receiver.url}/second-secret"}]})
        self.addCleanup(self.drop, "sealed")
        page = self.open("/webhooks/sealed")
        page.get_by_label("Description", exact=True).fill("nothing else was touched")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("row", name=re.compile("nothing else was touched"))).to_be_visible()
        self.demo.send("incident", incident(id="sealed-1"))
        wait_for(lambda: self.receiver.bodies("/first-secret") and self.receiver.bodies("/second-secret"), "both secret URLs are kept")

        # An endpoint taken out of the middle: the one behind it keeps its identity, whatever its place.
        page.get_by_role("link", name="Edit sealed").click()
        page.get_by_role("button", name="Remove endpoint 1").click()
        page.get_by_role("button", name="+ Endpoint").click()
        page.get_by_label("URL 2", exact=True).fill(f"{self.receiver.url}/third")
        page.get_by_text("The definition as JSON", exact=True).click()
        shown = json.loads(page.get_by_label("The definition", exact=True).text_content())
        self.assertEqual([endpoint.get("name") for endpoint in shown["endpoints"]], ["1", "2"])
        self.assertNotIn("secret", json.dumps(shown["endpoints"]))

        # What the server refuses stands in words at its field, also where the field is folded away.
        refusals = [("/auth/bearer", "Token"), ("/signing/secrets/1", "Standard Webhooks secret"), ("/endpoints/1/url", "URL 2"), ("/proxy", "Proxy")]
        page.route("**/api/v1/webhooks/sealed", lambda route: route.fulfill(status=422, content_type="application/problem+json", json={
            "title": "Unprocessable Content", "status": 422, "detail": "a mistake in the body",
            "errors": [{"pointer": pointer, "detail": f"wrong: {label}", "remedy": "write the secrets anew"} for pointer, label in refusals]
            + [{"pointer": "/endpoints", "detail": "wrong: the list", "remedy": "name them"}, {"pointer": "/tls/ca", "detail": "no field has it", "remedy": "see the file"}]}))
        held = []
        page.route("**/api/v1/render", lambda route: held.append(route))
        with page.expect_request("**/api/v1/render"):
            page.get_by_label("Description", exact=True).fill("a preview is under way")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("6 things are to mend")
        with page.expect_response("**/api/v1/render"):
            held[-1].continue_()
        expect(page.get_by_role("complementary", name="Preview").get_by_text("would not be sent")).to_be_visible()  # it has come, and finds nothing wrong
        page.unroute("**/api/v1/render")
        expect(page.get_by_role("alert")).to_contain_text("no field has it see the file")
        for _, label in refusals:
            field = page.get_by_label(label, exact=True)
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(page.locator(".field", has=field).get_by_text(f"wrong: {label} write the secrets anew")).to_be_visible()
        expect(page.get_by_text("wrong: the list")).to_be_visible()
        self.picture(page, "refused-secrets")
        page.unroute("**/api/v1/webhooks/sealed")

        # Masks that nothing stands behind are refused by the server itself, at their fields.
        page.get_by_label("Log-in").select_option("headers")
        page.get_by_role("button", name="+ Credential header").click()
        page.get_by_label("Credential headers: name 1").fill("X-Api-Key")
        page.get_by_label("Credential headers: value 1").fill("***")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("group", name="Credential headers").locator("xpath=..").get_by_text("is shown instead of a secret")).to_be_visible()
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    support.main()
