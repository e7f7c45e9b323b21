using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BillApis.Host.Tests.Metering;

/// <summary>Many callers at once, some of whom go away: what billing counts is what the application itself saw.</summary>
public sealed class MeteringLoadTests
{
    private const int Callers = 32;
    private const int Calls = 3_200;
    private const int Seed = 20_261_125;

    [Fact]
    public async Task Counts_and_bytes_equal_what_was_served_whoever_leaves_and_whatever_fails()
    {
        var (seen, serving) = (new Seen(), new CountdownEvent(1));
        await using var server = await MeteredServer.StartAsync(app =>
        {
            // Outside of the metering, so that all is over when the last request has left.
            app.Use(async (context, next) =>
            {
                serving.AddCount();
                try
                {
                    await next(context);
                }
                finally
                {
                    serving.Signal();
                }
            });
            app.UseBillingMetering(metering => metering.CustomerFromApiKey(new Dictionary<string, string> { ["key"] = MeteredServer.Acme }));
            app.Use(seen.CountAsync);
            Map(app, seen);
        });

        var random = new Random(Seed);
        var calls = Enumerable.Range(0, Calls).Select(i => (Kind: i % 8, Size: random.Next(1, 20_000))).ToList();
        await Parallel.ForEachAsync(calls, new ParallelOptions { MaxDegreeOfParallelism = Callers, CancellationToken = TestContext.Current.CancellationToken }, async (call, token) => await CallAsync(server.Client, call.Kind, call.Size, token));
        serving.Signal();
        serving.Wait(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken).ShouldBeTrue("requests are still being served");

        var events = await server.StopAsync();
        seen.Served.ShouldBeInRange(Calls / 2, Calls);
        events.Count.ShouldBe(seen.Served);
        events.Select(item => item.Event.Id).Distinct().Count().ShouldBe(seen.Served);
        (await server.QuantityAsync("calls")).ShouldBe(seen.Served);
        (await server.QuantityAsync("response_bytes")).ShouldBe(seen.Written);
        (await server.QuantityAsync("request_bytes")).ShouldBe(seen.Read);
        events.GroupBy(item => item.Event.Properties["route"].Text).ToDictionary(group => group.Key, group => group.Count()).ShouldBe(seen.Routes.ToDictionary(), ignoreOrder: true);

        // The server may tell that a caller has left while the last lines of its request run, after the application has looked.
        int Count(string outcome) => events.Count(item => item.Event.Properties["outcome"].Text == outcome);
        Count("aborted").ShouldBeGreaterThanOrEqualTo(seen.Aborted);
        Count("failed").ShouldBeLessThanOrEqualTo(seen.Failed);
        (Count("failed") + Count("aborted")).ShouldBeGreaterThanOrEqualTo(seen.Failed);
        events.Where(item => item.Event.Properties["route"].Text.StartsWith("/throws", StringComparison.Ordinal)).Select(item => item.Event.Properties["outcome"].Text).ShouldBe(Enumerable.Repeat("failed", Calls / 8));
        seen.Aborted.ShouldBeGreaterThan(0);
        server.Buffer.Counts.ShouldBe(new UsageBufferCounts(seen.Served, seen.Served, 0, 0, 0, 0));
    }

    private static void Map(WebApplication app, Seen seen)
    {
        var all = app.MapGroup("").WithMeter("call");
        all.MapGet("/plain/{size:int}", (HttpContext context, int size) => seen.WriteAsync(context, size));
        all.MapPost("/upload", async (HttpContext context) =>
        {
            var buffer = new byte[4_096];
            while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is var read and > 0)
            {
                seen.HasRead(read);
            }
        });
        all.MapGet("/throws/{size:int}", async (HttpContext context, int size) =>
        {
            await seen.WriteAsync(context, size);
            throw new InvalidOperationException("as planned");
        });
        all.MapGet("/stream/{size:int}", async (HttpContext context, int size) =>
        {
            for (var i = 0; i < 20; i++)
            {
                await seen.WriteAsync(context, size);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        });
        all.MapGet("/waits", async (HttpContext context) =>
        {
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
    }

    private static Task CallAsync(HttpClient client, int kind, int size, CancellationToken token) => kind switch
    {
        0 or 1 => FinishAsync(client, HttpMethod.Get, $"/plain/{size}", null, HttpStatusCode.OK, token),
        2 => FinishAsync(client, HttpMethod.Post, "/upload", new ByteArrayContent(new byte[size]), HttpStatusCode.OK, token),
        3 => LeaveAsync(client, $"/throws/{size}", readAll: true, token),
        4 => FinishAsync(client, HttpMethod.Get, $"/stream/{size}", null, HttpStatusCode.OK, token),
        5 => LeaveAsync(client, $"/stream/{size}", readAll: false, token),
        6 => LeaveAsync(client, "/waits", readAll: false, token),
        _ => BreakOffAsync(client.BaseAddress!, size),
    };

    private static async Task FinishAsync(HttpClient client, HttpMethod method, string path, HttpContent? content, HttpStatusCode expected, CancellationToken token)
    {
        using var request = Request(method, path, content);
        using var answer = await client.SendAsync(request, token);
        answer.StatusCode.ShouldBe(expected);
    }

    /// <summary>Hangs up as soon as the answer begins, or when it breaks off.</summary>
    private static async Task LeaveAsync(HttpClient client, string path, bool readAll, CancellationToken token)
    {
        using var request = Request(HttpMethod.Get, path, null);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            if (readAll)
            {
                await answer.Content.ReadAsByteArrayAsync(token);
            }
        }
        catch (HttpRequestException)
        {
            // The handler threw, as planned.
        }
    }

    /// <summary>Announces a body, sends half of it and is gone.</summary>
    private static async Task BreakOffAsync(Uri address, int size)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        var head = $"POST /upload HTTP/1.1\r\nHost: {address.Authority}\r\nX-API-Key: key\r\nContent-Length: {size * 2}\r\n\r\n";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head).Concat(new byte[size]).ToArray(), TestContext.Current.CancellationToken);
        socket.LingerState = new LingerOption(enable: size % 2 == 0, 0);
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        request.Headers.Add("X-API-Key", "key");
        return request;
    }

    /// <summary>The application's own count of what it serves.</summary>
    private sealed class Seen
    {
        private int _served, _failed, _aborted;
        private long _read, _written;

        public int Served => _served;

        public int Failed => _failed;

        public int Aborted => _aborted;

        public long Read => _read;

        public long Written => _written;

        public ConcurrentDictionary<string, int> Routes { get; } = [];

        public async Task CountAsync(HttpContext context, RequestDelegate next)
        {
            Interlocked.Increment(ref _served);
            var path = context.Request.Path.Value!.Split('/')[1];
            Routes.AddOrUpdate(path is "upload" or "waits" ? $"/{path}" : $"/{path}/{{size:int}}", 1, (_, count) => count + 1);
            try
            {
                await next(context);
            }
            catch
            {
                Interlocked.Increment(ref _failed);
                throw;
            }
            finally
            {
                if (context.RequestAborted.IsCancellationRequested)
                {
                    Interlocked.Increment(ref _aborted);
                }
            }
        }

        public async Task WriteAsync(HttpContext context, int size)
        {
            await context.Response.Body.WriteAsync(new byte[size], context.RequestAborted);
            Interlocked.Add(ref _written, size);
        }

        public void HasRead(int bytes) => Interlocked.Add(ref _read, bytes);
    }
}
