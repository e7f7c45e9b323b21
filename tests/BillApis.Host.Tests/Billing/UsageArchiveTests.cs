using System.Text.Json;

namespace BillApis.Host.Tests;

/// <summary>Usage of long ago in files and back, by a tenant of its own.</summary>
public sealed class UsageArchiveTests(HostFixture host)
{
    [Fact]
    public async Task A_month_is_archived_listed_and_brought_back()
    {
        var (_, api) = await host.TenantAsync();
        var (seed, type) = (new Seed(api), Seed.Name("archived"));
        var (customer, metric) = (Seed.Id(await seed.CustomerAsync()), Seed.Id(await seed.MetricAsync(type)));
        var months = new[] { "2024-02", "2024-03", "2024-03" };
        (await api.PostAsync("/usage/events", new { events = months.Select((month, i) => new { id = $"{type}-{i}", type, customer_id = customer, timestamp = $"{month}-10T0{i}:00:00Z", properties = new { tokens = 10 + i } }) })).Ok(202);
        (await api.PostAsync("/admin/usage-archives/run")).Ok().GetProperty("archived").GetInt64().ShouldBe(0, "nobody said for how long usage is kept");
        (await api.GetAsync("/admin/settings")).Ok().GetProperty("usage_retention_months").ValueKind.ShouldBe(JsonValueKind.Null);
        (await api.PatchAsync("/admin/settings", new { usage_retention_months = 12 })).Ok().GetProperty("usage_retention_months").GetInt32().ShouldBe(12);

        (await api.PostAsync("/admin/usage-archives/run")).Ok().GetProperty("archived").GetInt64().ShouldBe(3);
        var files = (await api.GetAsync("/admin/usage-archives")).Ok().EnumerateArray().ToList();
        files.Select(file => (file.GetProperty("month").GetString(), file.GetProperty("events").GetInt32())).ShouldBe([("2024-02", 1), ("2024-03", 2)]);
        (files[0].GetProperty("sha256").GetString()!.Length, files[0].GetProperty("bytes").GetInt64() > 0).ShouldBe((64, true));
        var page = await api.GetAsync("/admin/usage-archives?limit=1");
        page.Ok()[0].GetProperty("month").GetString().ShouldBe("2024-02");
        (await api.GetAsync($"/admin/usage-archives?limit=1&cursor={page.Envelope.GetProperty("page").GetProperty("next_cursor").GetString()}")).Ok()[0].GetProperty("month").GetString().ShouldBe("2024-03");
        (await api.GetAsync("/admin/usage-archives?month=2024-03")).Ok().GetArrayLength().ShouldBe(1);
        (await api.PostAsync($"/usage/events/{type}-1/void")).ShouldFail(409, "CON_001");
        (await SumAsync()).ShouldBe(33, "10 + 11 + 12");

        var until = (await seed.NowAsync()).AddDays(3);
        var restored = (await api.PostAsync("/admin/usage-archives/2024-03/restore", new { keep_until = until })).Ok();
        (restored.GetProperty("month").GetString(), restored.GetProperty("events").GetInt32(), restored.GetProperty("keep_until").GetDateTimeOffset()).ShouldBe(("2024-03", 2, until));
        (await api.GetAsync("/admin/usage-archives")).Ok().EnumerateArray().Select(file => file.GetProperty("month").GetString()).ShouldBe(["2024-02"]);
        (await api.GetAsync("/admin/usage-archives/restored")).Ok()[0].GetProperty("month").GetString().ShouldBe("2024-03");
        (await api.GetAsync("/admin/audit?action=usage_archive.restored")).Ok()[0].GetProperty("object").GetString().ShouldBe("2024-03");
        (await api.PostAsync("/admin/usage-archives/run")).Ok().GetProperty("archived").GetInt64().ShouldBe(0, "it is kept for three days");
        (await api.GetAsync("/usage/events")).Ok().EnumerateArray().Select(Seed.Id).ShouldBe([$"{type}-2", $"{type}-1"]);
        (await api.PostAsync($"/usage/events/{type}-1/void")).Ok();
        (await SumAsync()).ShouldBe(22);
        (await api.PostAsync("/admin/usage-archives/2024-02/restore")).Ok().GetProperty("events").GetInt32().ShouldBe(1);

        async Task<decimal> SumAsync() => (await api.GetAsync($"/usage/summary?customer_id={customer}&metric_id={metric}&from=2024-01-01T00:00:00Z&to=2024-05-01T00:00:00Z")).Ok()[0].GetProperty("value").GetDecimal();
    }

    [Fact]
    public async Task What_cannot_be_brought_back_or_kept_is_refused_with_its_field()
    {
        (await host.Api.PostAsync("/admin/usage-archives/2023-03/restore")).ShouldFail(404, "RES_001");
        (await host.Api.PostAsync("/admin/usage-archives/march/restore")).ShouldFail(400, "VAL_001", "month");
        (await host.Api.GetAsync("/admin/usage-archives?month=2024-13")).ShouldFail(400, "VAL_001", "month");
        (await host.Api.PostAsync("/admin/usage-archives/2023-03/restore", new { keep_until = "2025-01-01T00:00:00Z" })).ShouldFail(400, "VAL_001", "keep_until");
        (await host.Api.PatchAsync("/admin/settings", new { usage_retention_months = 0 })).ShouldFail(400, "VAL_001", "usage_retention_months");
        (await host.Api.PatchAsync("/admin/settings", new { usage_retention_months = 1201 })).ShouldFail(400, "VAL_001", "usage_retention_months");
    }
}
