using System.Net;
using System.Text.Json;
using BillApis.Host.Tests.Metering;
using BillApis.Pricing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BillApis.Host.Tests;

/// <summary>Endpoints of an application that serve only those who are entitled, on a real server.</summary>
public sealed class RequireEntitlementTests
{
    private static readonly Dictionary<string, string> Keys = new() { ["secret-1"] = MeteredServer.Acme };

    [Fact]
    public async Task Who_is_not_entitled_is_told_so_and_who_used_it_up_is_told_when_it_begins_anew()
    {
        await using var server = await StartAsync();
        using var refused = await GetAsync(server, "/export");
        refused.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        (await ErrorAsync(refused)).GetProperty("error").GetProperty("code").GetString().ShouldBe("LIM_001");
        await GrantAsync(server, "export", new Entitlement(default, EntitlementType.Boolean));
        using var served = await GetAsync(server, "/export");
        served.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var nobody = await server.SendAsync(HttpMethod.Get, "/export", null);
        nobody.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
    }

    [Fact]
    public async Task What_is_served_is_set_aside_and_counted_and_what_fails_is_given_back()
    {
        await using var server = await StartAsync();
        await GrantAsync(server, "calls", new Entitlement(default, EntitlementType.Metered) { Limit = 3, Reset = UsageReset.Day });
        var statuses = new List<HttpStatusCode>();
        foreach (var path in new[] { "/calls/1", "/calls/0", "/calls/1", "/calls/1", "/calls/1" })
        {
            using var answer = await GetAsync(server, path);
            statuses.Add(answer.StatusCode);
        }

        statuses.ShouldBe([HttpStatusCode.OK, HttpStatusCode.InternalServerError, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests]);
        using var over = await GetAsync(server, "/calls/1");
        (string Name, string Value)[] headers = [.. over.Headers.Where(header => header.Key.StartsWith("RateLimit", StringComparison.Ordinal)).Select(header => (header.Key, header.Value.Single()))];
        headers.Take(2).ShouldBe([("RateLimit-Limit", "3"), ("RateLimit-Remaining", "0")]);
        over.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        (await ErrorAsync(over)).GetProperty("payload").GetProperty("used").GetDecimal().ShouldBe(3);
    }

    private static Task<MeteredServer> StartAsync() => MeteredServer.StartAsync(app =>
    {
        app.UseBillingMetering(metering => metering.CustomerFromApiKey(Keys));
        app.MapGet("/export", () => "all of it").RequireEntitlement("export");
        app.MapGet("/calls/{good:int}", (int good) => good == 1 ? Results.Ok() : Results.StatusCode(500)).RequireEntitlement("calls", reserve: true);
    });

    private static async Task GrantAsync(MeteredServer server, string code, Entitlement terms)
    {
        var stop = TestContext.Current.CancellationToken;
        var feature = await server.Billing.Features.CreateAsync(TenantId.Default, new Feature { Code = code, Name = code }, stop);
        await server.Billing.Entitlements.GrantAsync(TenantId.Default, new NewEntitlement(MeteredServer.Acme, terms with { Feature = feature.Id }), stop);
    }

    private static Task<HttpResponseMessage> GetAsync(MeteredServer server, string path) => server.SendAsync(HttpMethod.Get, path, null, ("X-API-Key", "secret-1"));

    private static async Task<JsonElement> ErrorAsync(HttpResponseMessage answer) => JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
}
