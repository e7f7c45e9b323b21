using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Makes what a test needs through the API, under names of its own.</summary>
public sealed class Seed(Api api)
{
    private static int _count;

    public static string Name(string kind) => $"{kind}-{Interlocked.Increment(ref _count)}";

    public async Task<JsonElement> CustomerAsync(string currency = "USD") =>
        (await api.PostAsync("/customers", new { name = "Acme", currency, external_id = Name("acme") })).Ok(201);

    public async Task<JsonElement> MetricAsync(string eventType, string aggregation = "sum", string? property = "tokens") =>
        (await api.PostAsync("/metrics", new { code = Name("metric"), name = "Tokens", event_type = eventType, aggregation, property })).Ok(201);

    /// <summary>A published plan of a monthly fee of 20 in advance and, where a metric is given, graduated usage in arrears: 1000 free, then 0.002.</summary>
    public async Task<JsonElement> PlanAsync(string? metric = null, string currency = "USD")
    {
        var fee = new { price = new { currency, model = "flat", amount = 20, interval = "month", timing = "in_advance" } };
        var tiers = new object[] { new { up_to = 1000, unit_amount = 0 }, new { up_to = (int?)null, unit_amount = "0.002" } };
        var usage = new { price = new { currency, model = "graduated", metric_id = metric, tiers, interval = "month", timing = "in_arrears" } };
        var plan = (await api.PostAsync("/plans", new { code = Name("plan"), name = "Pro", items = metric is null ? new object[] { fee } : [fee, usage] })).Ok(201);
        return (await api.PostAsync($"/plans/{Id(plan)}/publish")).Ok();
    }

    public async Task<JsonElement> SubscriptionAsync(string customer, string plan, DateTimeOffset start) =>
        (await api.PostAsync("/subscriptions", new { customer_id = customer, plan_id = plan, start_at = start })).Ok(201);

    public async Task<DateTimeOffset> NowAsync() => (await api.GetAsync("/admin/test-clock")).Ok().GetProperty("now").GetDateTimeOffset();

    public async Task MoveAsync(DateTimeOffset now) => (await api.PostAsync("/admin/test-clock", new { now })).Ok();

    public static string Id(JsonElement item) => item.GetProperty("id").GetString()!;
}
