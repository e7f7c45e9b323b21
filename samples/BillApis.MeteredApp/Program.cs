// A web application whose callers have API keys, with billing added and metered by the two marked lines.
using BillApis;
using BillApis.MeteredApp;

var keys = new Dictionary<string, string> { ["key-of-acme"] = "acme", ["key-of-globex"] = "globex" };
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddBilling(billing => billing.UseSqlite("Data Source=metered.db"));

var app = builder.Build();
var billing = app.Services.GetRequiredService<Billing>();
await Setup.RunAsync(billing, keys.Values);

app.UseBillingMetering(metering => metering.CustomerFromApiKey(keys)); // The first line.
app.MapGet("/hello/{name}", (string name) => $"Hello, {name}!").WithMeter("api_calls"); // The second, at the end of a line that was there.

app.MapGet("/usage/{customer}", async (string customer) => await Setup.UsageAsync(billing, customer));
await app.RunAsync();
