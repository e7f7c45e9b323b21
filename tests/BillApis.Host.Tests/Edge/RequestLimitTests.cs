using System.Globalization;
using BillApis.AspNetCore;
using BillApis.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Host.Tests;

public sealed class RequestLimitTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public async Task A_caller_and_a_tenant_get_RATE_001_once_their_minute_is_used_up()
    {
        await using var host = new HostFixture();
        await host.InitializeAsync();
        var key = (await host.Api.PostAsync("/admin/api-keys", new { name = "Limited", scopes = new[] { "customers:read" } })).Ok(201).GetProperty("key").GetString()!;
        (await host.Api.GetAsync("/customers")).Headers.Contains("RateLimit-Limit").ShouldBeFalse();
        var options = host.Services.GetRequiredService<RestOptions>();
        options.RequestsPerMinute = 3;
        for (var left = 2; left >= 0; left--)
        {
            var answer = await host.Nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key));
            answer.Ok();
            (Number(answer, "RateLimit-Limit"), Number(answer, "RateLimit-Remaining")).ShouldBe((3, left));
            Number(answer, "RateLimit-Reset").ShouldBeInRange(1, 60);
        }

        var refused = await host.Nobody.SendAsync(HttpMethod.Get, "/customers", null, ("X-API-Key", key));
        refused.ShouldFail(429, "RATE_001");
        Number(refused, "Retry-After").ShouldBeInRange(1, 60);
        (await host.Api.GetAsync("/customers")).Ok();

        options.TenantRequestsPerMinute = 1;
        (await host.Api.GetAsync("/customers")).Ok();
        (await host.Api.GetAsync("/customers")).ShouldFail(429, "RATE_001");
    }

    [Fact]
    public void The_next_minute_begins_anew_and_callers_do_not_take_from_each_other()
    {
        var limits = new RequestLimits(new RestOptions { RequestsPerMinute = 2, TenantRequestsPerMinute = 3 });
        var (one, other, stranger) = (Caller("key_1", TenantId.Default), Caller("key_2", TenantId.Default), Caller("key_3", EntityId.New<TenantId>()));
        limits.Take(new DefaultHttpContext(), one, Now);
        limits.Take(new DefaultHttpContext(), one, Now);
        Should.Throw<HttpRefusal>(() => limits.Take(new DefaultHttpContext(), one, Now + Duration.FromSeconds(59))).Failure.RetryAfter.ShouldBe(1);

        // The refused one counted for the tenant, whose three are used up.
        Should.Throw<HttpRefusal>(() => limits.Take(new DefaultHttpContext(), other, Now + Duration.FromSeconds(59)));
        limits.Take(new DefaultHttpContext(), stranger, Now);
        limits.Take(new DefaultHttpContext(), one, Now + Duration.FromSeconds(60));
        limits.Take(new DefaultHttpContext(), other, Now + Duration.FromSeconds(60));
    }

    private static Caller Caller(string id, TenantId tenant) => new(tenant, id, PermissionSet.None);

    private static int Number(Answer answer, string header) => int.Parse(answer.Headers[header].Single(), CultureInfo.InvariantCulture);
}
