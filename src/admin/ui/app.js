// Lists the webhooks. Whatever comes from the API is shown as text, never as markup.

const message = document.getElementById("message");

async function call(path) {
  const token = sessionStorage.getItem("token");
  const answer = await fetch(path, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
  if (answer.status === 401) {
    const given = prompt("Token of the admin API");
    if (given) {
      sessionStorage.setItem("token", given);
      return call(path);
    }
  }
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? answer.statusText);
  return body;
}

function row(webhook) {
  const line = document.createElement("tr");
  const endpoints = (webhook.endpoints ?? []).map((endpoint) => endpoint.url).join(", ");
  for (const text of [webhook.name, webhook.state, webhook.source, (webhook.events ?? []).join(", "), endpoints]) {
    line.insertCell().textContent = text;
  }
  return line;
}

try {
  const { items } = await call("api/v1/webhooks");
  document.getElementById("webhooks").replaceChildren(...items.map(row));
  message.textContent = `${items.length} webhooks`;
} catch (error) {
  message.textContent = error.message;
}
