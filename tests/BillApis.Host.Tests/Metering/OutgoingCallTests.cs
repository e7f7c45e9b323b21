using System.Net;
using System.Runtime.CompilerServices;
using BillApis.AspNetCore;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Metering;

/// <summary>What an application's own calls to others become, against a real server.</summary>
public sealed class OutgoingCallTests
{
    private const int Answer = 5_000;

    [Fact]
    public async Task A_call_made_for_a_request_is_the_usage_of_its_customer()
    {
        await using var server = await StartAsync(app => app.MapGet("/relay", async (IHttpClientFactory clients, HttpContext context) =>
        {
            using var request = Request(HttpMethod.Post, $"http://{context.Request.Host}/upstream/fixed", new ByteArrayContent(new byte[321]));
            request.Headers.Add("X-Model", "large");
            request.SetUsage("tokens", 42);
            using var answer = await clients.CreateClient("metered").SendAsync(request, TestContext.Current.CancellationToken);
            return (await answer.Content.ReadAsByteArrayAsync()).Length;
        }));

        (await server.GetAsync("/relay", ("X-API-Key", "key"))).ShouldBe(Answer.ToString(System.Globalization.CultureInfo.InvariantCulture));

        var stored = (await server.StopAsync()).ShouldHaveSingleItem().Event;
        (stored.Type, stored.Customer).ShouldBe(("upstream", MeteredServer.Acme));
        var properties = stored.Properties.Items.Where(item => item.Key is not "duration_us").ToDictionary(item => item.Key, item => item.Value);
        properties.ShouldBe(
            new Dictionary<string, PropertyValue>
            {
                ["method"] = "POST", ["host"] = "127.0.0.1", ["status"] = 200, ["outcome"] = "completed", ["request_bytes"] = 321, ["response_bytes"] = Answer, ["tokens"] = 42, ["request_header_x_model"] = "large",
            },
            ignoreOrder: true);
    }

    [Fact]
    public async Task Every_call_counts_once_however_its_answer_is_read_or_left()
    {
        var isReading = new TaskCompletionSource();
        await using var server = await StartAsync(app => app.MapGet("/upstream/breaks", async (HttpContext context) =>
        {
            await context.Response.Body.WriteAsync(new byte[Answer]);
            await context.Response.Body.FlushAsync();
            await isReading.Task;
            context.Abort();
        }));
        var client = server.Services.GetRequiredService<IHttpClientFactory>().CreateClient("metered");
        client.BaseAddress = server.Client.BaseAddress;
        var token = TestContext.Current.CancellationToken;

        (await client.GetByteArrayAsync(new Uri("/upstream/chunked", UriKind.Relative), token)).Length.ShouldBe(2 * Answer);
        using (await client.SendAsync(Request(HttpMethod.Get, "/upstream/fixed"), HttpCompletionOption.ResponseHeadersRead, token))
        {
            // Left with the answer unread.
        }

        using (var answer = await client.SendAsync(Request(HttpMethod.Get, "/upstream/fixed"), HttpCompletionOption.ResponseHeadersRead, token))
        {
            await using var body = await answer.Content.ReadAsStreamAsync(token);
            await body.ReadExactlyAsync(new byte[Answer], token);
        }

        using (var answer = client.Send(Request(HttpMethod.Post, "/upstream/chunked", new StringContent("sent")), token))
        using (var reader = new StreamReader(answer.Content.ReadAsStream(token)))
        {
            (await reader.ReadToEndAsync(token)).Length.ShouldBe(2 * Answer);
        }

        using var missing = await client.GetAsync(new Uri("/nowhere", UriKind.Relative), token);
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var head = await client.SendAsync(Request(HttpMethod.Head, "/upstream/fixed"), token);
        using (var answer = await client.SendAsync(Request(HttpMethod.Get, "/upstream/breaks"), HttpCompletionOption.ResponseHeadersRead, token))
        {
            var body = await answer.Content.ReadAsStreamAsync(token);
            await body.ReadExactlyAsync(new byte[Answer], token);
            isReading.SetResult();
            await Should.ThrowAsync<IOException>(async () => await body.ReadExactlyAsync(new byte[1], token));
        }

        await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://127.0.0.1:1/"), token));
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Should.ThrowAsync<OperationCanceledException>(() => client.GetAsync(new Uri("/upstream/waits", UriKind.Relative), stop.Token));

        var events = (await server.StopAsync()).Select(item => item.Event).ToList();
        events.Select(item => (item.Properties["status"].Text, item.Properties["outcome"].Text, item.Properties["response_bytes"].Text)).ShouldBe(
        [
            ("200", "completed", "10000"), ("200", "aborted", "0"), ("200", "completed", "5000"), ("200", "completed", "10000"), ("404", "completed", "0"), ("200", "completed", "0"),
            ("200", "failed", "5000"), ("", "failed", "0"), ("", "aborted", "0"),
        ]);
        events.ShouldAllBe(item => item.Customer == "unknown");
    }

    [Fact]
    public async Task An_answer_that_is_dropped_unread_counts_once_nobody_can_read_it_any_more()
    {
        await using var server = await StartAsync(_ => { });
        await DropAsync(server);
        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Task.FromResult(server.Buffer.Counts.Accepted == 1);
        });
        (await server.StopAsync()).ShouldHaveSingleItem().Event.Properties["outcome"].Text.ShouldBe("aborted");
    }

    [Fact]
    public async Task The_caller_may_say_whose_a_call_is_and_a_call_is_made_though_that_throws()
    {
        await using var server = await StartAsync(_ => { }, request => request.RequestUri!.Query is "?boom" ? throw new InvalidOperationException("boom") : ValueTask.FromResult<string?>(request.RequestUri!.Query[1..]));
        var client = server.Services.GetRequiredService<IHttpClientFactory>().CreateClient("metered");
        foreach (var query in new[] { "acme", "boom" })
        {
            (await client.GetByteArrayAsync(new Uri(server.Client.BaseAddress!, $"/upstream/fixed?{query}"), TestContext.Current.CancellationToken)).Length.ShouldBe(Answer);
        }

        (await server.StopAsync()).Select(item => item.Event.Customer).ShouldBe(["acme", "unknown"]);
        server.Log.ShouldHaveSingleItem().ShouldContain("threw; the usage is kept");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task DropAsync(MeteredServer server)
    {
        var client = server.Services.GetRequiredService<IHttpClientFactory>().CreateClient("metered");
        client.BaseAddress = server.Client.BaseAddress;
        await client.SendAsync(Request(HttpMethod.Get, "/upstream/fixed"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content = null) => new(method, new Uri(path, UriKind.RelativeOrAbsolute)) { Content = content };

    private static Task<MeteredServer> StartAsync(Action<WebApplication> pipeline, Func<HttpRequestMessage, ValueTask<string?>>? customer = null) => MeteredServer.StartAsync(
        app =>
        {
            app.MapMethods("/upstream/fixed", ["GET", "POST", "HEAD"], async (HttpContext context) =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                context.Response.ContentLength = Answer;
                await context.Response.Body.WriteAsync(new byte[Answer]);
            });
            app.MapMethods("/upstream/chunked", ["GET", "POST"], async (HttpContext context) =>
            {
                await context.Response.Body.WriteAsync(new byte[Answer]);
                await context.Response.Body.FlushAsync();
                await context.Response.Body.WriteAsync(new byte[Answer]);
            });
            app.MapGet("/upstream/waits", async (HttpContext context) => await Task.Delay(Timeout.Infinite, context.RequestAborted));
            pipeline(app);
        },
        builder =>
        {
            builder.Services.Configure<MeteringOptions>(options => options.CustomerFromApiKey(new Dictionary<string, string> { ["key"] = MeteredServer.Acme }).RequestHeaders.Add("X-Model"));
            builder.Services.AddHttpClient("metered").AddBillingMeter("upstream", customer);
        });
}
