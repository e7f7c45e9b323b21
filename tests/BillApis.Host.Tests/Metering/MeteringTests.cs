using System.Net;
using System.Security.Claims;
using System.Text;
using BillApis.AspNetCore;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Metering;

/// <summary>What an application's requests become, on a real server.</summary>
public sealed class MeteringTests
{
    private static readonly Dictionary<string, string> Keys = new() { ["secret-1"] = MeteredServer.Acme };

    [Fact]
    public async Task An_event_says_what_was_asked_and_what_was_answered()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering =>
            {
                metering.CustomerFromApiKey(Keys);
                metering.RequestHeaders.Add("X-Model");
                metering.ResponseHeaders.Add("X-Region");
            });
            app.MapPost("/shops/{shop}/orders/{number:int}", async (HttpContext context) =>
            {
                using var reader = new StreamReader(context.Request.Body);
                await reader.ReadToEndAsync();
                context.SetUsage("tokens", 12.5m);
                context.SetUsage("status", "shipped");
                context.Response.Headers["X-Region"] = "eu";
                context.Response.StatusCode = 201;
                await context.Response.WriteAsync("grüß");
            }).WithMeter("call");
            app.MapGet("/free", () => "free");
        });

        using var content = new ByteArrayContent(new byte[1_234]);
        using var answer = await server.SendAsync(HttpMethod.Post, "/shops/north/orders/7", content, ("X-API-Key", "secret-1"), ("X-Model", "small"));
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await server.GetAsync("/free")).ShouldBe("free");
        (await server.GetAsync("/nowhere")).ShouldBeEmpty();

        var stored = (await server.StopAsync()).ShouldHaveSingleItem();
        (stored.Event.Type, stored.Event.Customer, stored.Event.Source).ShouldBe(("call", MeteredServer.Acme, "BillApis.Host.Tests"));
        stored.Customer.ShouldNotBeNull();
        var properties = stored.Event.Properties.Items.ToDictionary(item => item.Key, item => item.Value);
        properties.Remove("duration_us", out var duration).ShouldBeTrue();
        duration.TryNumber(out var microseconds).ShouldBeTrue();
        microseconds.ShouldBeInRange(1, 60_000_000);
        properties.ShouldBe(
            new Dictionary<string, PropertyValue>
            {
                ["method"] = "POST", ["route"] = "/shops/{shop}/orders/{number:int}", ["status"] = "shipped", ["outcome"] = "completed", ["request_bytes"] = 1_234, ["response_bytes"] = 6,
                ["route_shop"] = "north", ["route_number"] = "7", ["tokens"] = 12.5m, ["request_header_x_model"] = "small", ["response_header_x_region"] = "eu",
            },
            ignoreOrder: true);
        (await server.QuantityAsync("request_bytes")).ShouldBe(1_234);
        server.Log.ShouldBeEmpty();
    }

    [Fact]
    public async Task Bytes_are_counted_in_every_way_to_write_them()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[777], TestContext.Current.CancellationToken);
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering => metering.CustomerFromApiKey(Keys));
            var all = app.MapGroup("").WithMeter("call");
            all.MapGet("/stream", async (HttpContext context) => await context.Response.Body.WriteAsync(new byte[100]));
            all.MapGet("/pipe", async (HttpContext context) =>
            {
                context.Response.BodyWriter.GetMemory(50).Span[..50].Clear();
                context.Response.BodyWriter.Advance(50);
                await context.Response.BodyWriter.WriteAsync(new byte[150]);
            });
            all.MapGet("/file", () => Results.File(file));
            all.MapGet("/range", async (HttpContext context) => await context.Response.SendFileAsync(file, 77, 300));
            all.MapGet("/json", () => Results.Json(new { a = 1 }));
            all.MapGet("/begin", async (HttpContext context) => await Task.Factory.FromAsync(context.Response.Body.BeginWrite(new byte[40], 0, 40, null, null), context.Response.Body.EndWrite));
        });

        foreach (var path in new[] { "/stream", "/pipe", "/file", "/range", "/json", "/begin" })
        {
            using var answer = await server.SendAsync(HttpMethod.Get, path, null);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        }

        Numbers(await server.StopAsync(), "response_bytes").ShouldBe([100, 200, 777, 300, """{"a":1}""".Length, 40]);
        File.Delete(file);
    }

    [Fact]
    public async Task Failures_count_with_the_status_that_the_caller_got()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering => metering.CustomerFromApiKey(Keys));
            app.UseWhen(context => context.Request.Query.ContainsKey("handled"), branch => branch.UseExceptionHandler(error => error.Run(async context =>
            {
                context.Response.StatusCode = 418;
                await context.Response.WriteAsync("sorry");
            })));
            app.UseRouting();
            app.MapGet("/throws", string () => throw new InvalidOperationException("no")).WithMeter("call");
            app.MapGet("/late", async (HttpContext context) =>
            {
                await context.Response.WriteAsync("partly");
                await context.Response.Body.FlushAsync();
                throw new InvalidOperationException("no");
            }).WithMeter("call");
            app.MapPost("/number", (int number) => number).WithMeter("call");
        });

        (await StatusAsync(server, HttpMethod.Get, "/throws")).ShouldBe(500);
        (await StatusAsync(server, HttpMethod.Get, "/throws?handled")).ShouldBe(418);
        (await StatusAsync(server, HttpMethod.Post, "/number")).ShouldBe(400);
        await Should.ThrowAsync<HttpRequestException>(() => StatusAsync(server, HttpMethod.Get, "/late"));

        var events = await server.StopAsync();
        Numbers(events, "status").ShouldBe([500, 418, 400, 200]);
        Texts(events, "outcome").ShouldBe(["failed", "completed", "completed", "failed"]);
        Numbers(events, "response_bytes").ShouldBe([0, 5, 0, 6]);
        Texts(events, "route").ShouldBe(["/throws", "/throws", "/number", "/late"]);
    }

    [Fact]
    public async Task The_meter_nearest_to_the_endpoint_holds()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering();
            app.MapGet("/attribute", [Metered("handler")] () => "");
            app.MapGet("/both", [Metered("handler")] () => "").WithMeter("endpoint");
            var group = app.MapGroup("/group").WithMeter("group");
            group.MapGet("/plain", () => "");
            group.MapGet("/own", () => "").WithMeter("endpoint");
            app.MapControllers();
        }, builder => builder.Services.AddControllers().AddApplicationPart(typeof(MeteredController).Assembly));

        foreach (var path in new[] { "/attribute", "/both", "/group/plain", "/group/own", "/metered/class", "/metered/action" })
        {
            (await StatusAsync(server, HttpMethod.Get, path)).ShouldBe(200, path);
        }

        (await server.StopAsync()).Select(item => item.Event.Type).ShouldBe(["handler", "endpoint", "group", "endpoint", "controller", "action"]);
    }

    [Fact]
    public async Task Whoever_is_unknown_leaves_an_orphan_and_is_served()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering => metering.CustomerFromApiKey(async key =>
            {
                await Task.Yield();
                return key is "broken" ? throw new InvalidOperationException("no database") : key is "odd" ? "a\u0001b" : Keys.GetValueOrDefault(key, key);
            }));
            app.MapGet("/", () => "served").WithMeter("call");
        });

        foreach (var key in new[] { null, "secret-1", "globex", "broken", "odd" })
        {
            (await server.GetAsync("/", key is null ? [] : [("X-API-Key", key)])).ShouldBe("served");
        }

        (await server.StopAsync()).Select(item => item.Event.Customer).ShouldBe(["unknown", MeteredServer.Acme, "globex", "unknown", "unknown"]);
        (await server.Billing.Usage.OrphansAsync(TenantId.Default, new OrphanQuery(), TestContext.Current.CancellationToken)).Items
            .Select(orphan => orphan.Reason).ShouldBe(Enumerable.Repeat(OrphanReason.UnknownCustomer, 4));
        server.Log.ShouldHaveSingleItem().ShouldContain("MeteringOptions.Customer threw");
    }

    [Fact]
    public async Task The_customer_comes_from_claims_or_a_header_and_some_requests_are_left_out()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering => metering.Records = context => context.Response.StatusCode is not 401);
            app.Use((context, next) =>
            {
                var claims = context.Request.Query.Select(item => new Claim(item.Key is "id" ? ClaimTypes.NameIdentifier : item.Key, item.Value.ToString()));
                context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "test"));
                return next();
            });
            app.MapGet("/", (HttpContext context) => context.User.Claims.Any() ? Results.Ok() : Results.Unauthorized()).WithMeter("call");
        });

        foreach (var (path, status) in new[] { ("/?id=user-1", 200), ("/?id=user-1&customer_id=acme", 200), ("/", 401) })
        {
            (await StatusAsync(server, HttpMethod.Get, path)).ShouldBe(status);
        }

        (await server.StopAsync()).Select(item => item.Event.Customer).ShouldBe(["user-1", "acme"]);
        var options = new MeteringOptions();
        var request = new DefaultHttpContext { Request = { Headers = { ["X-Customer"] = "globex" } }, User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("org", "initech")])) };
        (await options.CustomerFromHeader("X-Customer").Customer(request)).ShouldBe("globex");
        (await options.CustomerFromClaim("org").Customer(request)).ShouldBe("initech");
    }

    [Fact]
    public async Task What_no_event_could_hold_is_made_to_fit()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering(metering => metering.RequestHeaders.Add("X-Long"));
            app.MapGet("/{text}", (HttpContext context) =>
            {
                foreach (var i in Enumerable.Range(0, 100))
                {
                    context.SetUsage($"own{i:d2}", new string('é', 2_000) + i);
                }

                context.SetUsage("own00", "a\0b\ud800c");
                Should.Throw<ArgumentException>(() => context.SetUsage("", 1));
            }).WithMeter("call");
        });

        (await StatusAsync(server, HttpMethod.Head, "/x")).ShouldBe(405);
        (await StatusAsync(server, HttpMethod.Get, "/x", ("X-Long", new string('x', 3_000)))).ShouldBe(200);

        var properties = (await server.StopAsync()).ShouldHaveSingleItem().Event.Properties;
        properties.Items.Length.ShouldBe(Limits.PropertiesPerEvent);
        properties["own00"].ShouldBe("a\ufffdb\ufffdc");
        properties["own01"].ShouldBe(new string('é', Limits.PropertyLength));
        properties["status"].ShouldBe(200);
        server.Log.ShouldHaveSingleItem().ShouldContain("more than 64 properties");
        server.Buffer.Counts.ShouldBe(new UsageBufferCounts(1, 1, 0, 0, 0, 0));
    }

    [Fact]
    public async Task A_meter_that_nobody_reads_is_told_at_the_first_request()
    {
        await using var server = await MeteredServer.StartAsync(app => app.MapGet("/", () => "served").WithMeter("call"));
        (await StatusAsync(server, HttpMethod.Get, "/")).ShouldBe(500);
        server.Log.ShouldNotBeEmpty();

        var builder = WebApplication.CreateBuilder();
        await using var app = builder.Build();
        Should.Throw<InvalidOperationException>(() => app.UseBillingMetering()).Message.ShouldContain("AddBilling");
        Should.Throw<ArgumentException>(() => new MeteredAttribute(" "));
        var options = new MeteringOptions();
        Enumerable.Range(0, Limits.MeteredHeaders + 1).ToList().ForEach(i => options.RequestHeaders.Add($"X-{i}"));
        Should.Throw<InvalidOperationException>(() => options.Validate("shop")).Message.ShouldContain("17 headers");
    }

    [Fact]
    public async Task A_head_request_sends_no_bytes_and_a_late_routing_is_metered_too()
    {
        await using var server = await MeteredServer.StartAsync(app =>
        {
            app.UseBillingMetering();
            app.UseRouting();
            app.MapMethods("/{name}", ["GET", "HEAD"], (string name) => name).WithMeter("call");
            app.MapGet("/free", () => "");
        });

        (await StatusAsync(server, HttpMethod.Head, "/hello")).ShouldBe(200);
        (await StatusAsync(server, HttpMethod.Get, "/hello")).ShouldBe(200);
        (await StatusAsync(server, HttpMethod.Get, "/free")).ShouldBe(200);

        var events = await server.StopAsync();
        Texts(events, "method").ShouldBe(["HEAD", "GET"]);
        Numbers(events, "response_bytes").ShouldBe([0, 5]);
        Texts(events, "route_name").ShouldBe(["hello", "hello"]);
    }

    private static async Task<int> StatusAsync(MeteredServer server, HttpMethod method, string path, params (string, string)[] headers)
    {
        using var answer = await server.SendAsync(method, path, method == HttpMethod.Post ? new StringContent("", Encoding.UTF8) : null, headers);
        return (int)answer.StatusCode;
    }

    private static IEnumerable<string> Texts(IEnumerable<StoredEvent> events, string property) => events.Select(item => item.Event.Properties[property].Text);

    private static IEnumerable<decimal> Numbers(IEnumerable<StoredEvent> events, string property) => events.Select(item => item.Event.Properties[property].TryNumber(out var number) ? number : -1);
}
