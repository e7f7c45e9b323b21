using System.Net;
using BillApis.Outgoing;
using NodaTime;

namespace BillApis.Unit.Tests.Outgoing;

public sealed class OutgoingClientTests
{
    private static readonly BillingOptions Closed = new();
    private static readonly BillingOptions ToThisMachine = new() { OutgoingHttp = true, OutgoingNetworks = [IPNetwork.Parse("127.0.0.1/32")] };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("https://example.com/hooks?x=1")]
    [InlineData("https://example.com:8443/")]
    [InlineData("https://93.184.216.34/")]
    [InlineData("https://[2606:2800:220:1:248:1893:25c8:1946]/")]
    [InlineData("https://bücher.example/")]
    public void A_public_https_address_may_be_set(string url)
    {
        using var client = new OutgoingClient(Closed);
        client.Check("url", url).Scheme.ShouldBe("https");
    }

    // The forms of 127.0.0.1 and 169.254.169.254 that browsers and C libraries read as such are among them.
    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("//example.com/")]
    [InlineData("/hooks")]
    [InlineData("example.com")]
    [InlineData("")]
    [InlineData("https://")]
    [InlineData("https://user:secret@example.com/")]
    [InlineData("https://user@example.com/")]
    [InlineData("https://localhost/")]
    [InlineData("https://LOCALHOST./")]
    [InlineData("https://billing.localhost/")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://0xa9fea9fe/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://10.0.0.1/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://[fd00::1]/")]
    public void Anything_else_is_refused_and_told_what_may_be(string url)
    {
        using var client = new OutgoingClient(Closed);
        var refusal = Should.Throw<BillingException>(() => client.Check("target_url", url));
        refusal.Code.ShouldBe(BillingErrorCode.Invalid);
        refusal.Details.Single().ShouldBe(new FieldError("target_url", "must be an https URL of at most 2048 characters, without a user or password in it, that leads to a public address"));
    }

    [Fact]
    public void What_the_operator_allows_may_be_set_and_nothing_beside_it()
    {
        using var client = new OutgoingClient(new BillingOptions { OutgoingHttp = true, OutgoingNetworks = [IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("127.0.0.0/8")] });
        client.Check("url", "http://10.1.255.1/").Host.ShouldBe("10.1.255.1");
        client.Check("url", "http://localhost:5000/").Port.ShouldBe(5000);
        client.Check("url", "http://[::ffff:10.1.0.1]/").Scheme.ShouldBe("http");
        Should.Throw<BillingException>(() => client.Check("url", "http://10.2.0.1/")).Message.ShouldEndWith("to a public address or one of 10.1.0.0/16, 127.0.0.0/8");
        Should.Throw<BillingException>(() => client.Check("url", "https://example.com/" + new string('x', 2048)));
    }

    [Fact]
    public async Task A_name_that_leads_to_this_machine_is_not_connected_to()
    {
        await using var server = new RawServer(IPAddress.Loopback, RawServer.Answer("secret"));
        using var client = new OutgoingClient(new BillingOptions { OutgoingHttp = true }, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.IPv6Loopback]));
        client.Check("url", $"http://rebound.example:{server.Port}/");
        (await Should.ThrowAsync<BillingException>(() => GetAsync(client, $"http://rebound.example:{server.Port}/"))).Message.ShouldNotContain("127.0.0.1");
        await Should.ThrowAsync<BillingException>(() => GetAsync(client, $"http://127.0.0.1:{server.Port}/"));
        server.Connections.ShouldBe(0);
    }

    // Asked again, the name would lead elsewhere: to 127.0.0.2, where the same port is served too.
    [Fact]
    public async Task A_name_is_resolved_once_for_a_connection_and_what_was_checked_is_connected_to()
    {
        await using var open = new RawServer(IPAddress.Loopback, RawServer.Answer("open"));
        await using var inside = new RawServer(IPAddress.Parse("127.0.0.2"), RawServer.Answer("inside"), open.Port);
        var asked = 0;
        using var client = new OutgoingClient(ToThisMachine, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(++asked == 1 ? "127.0.0.1" : "127.0.0.2")]));
        (await GetAsync(client, $"http://rebound.example:{open.Port}/")).ShouldBe("open");
        open.Request.ShouldContain($"Host: rebound.example:{open.Port}");
        asked.ShouldBe(1);
        await Should.ThrowAsync<BillingException>(() => GetAsync(client, $"http://rebound.example:{open.Port}/"));
        (asked, open.Connections, inside.Connections).ShouldBe((2, 1, 0));
    }

    [Fact]
    public async Task Of_several_addresses_only_those_that_are_open_are_tried()
    {
        await using var open = new RawServer(IPAddress.Loopback, RawServer.Answer("open"));
        await using var inside = new RawServer(IPAddress.Parse("127.0.0.2"), RawServer.Answer("inside"), open.Port);
        using var client = new OutgoingClient(ToThisMachine, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.2"), IPAddress.Loopback]));
        (await GetAsync(client, $"http://several.example:{open.Port}/")).ShouldBe("open");
        inside.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_is_not_followed()
    {
        await using var inside = new RawServer(IPAddress.Parse("127.0.0.2"), RawServer.Answer("inside"));
        await using var server = new RawServer(IPAddress.Loopback, RawServer.Answer("", $"302 Found\r\nLocation: http://127.0.0.2:{inside.Port}/"));
        using var client = new OutgoingClient(ToThisMachine with { OutgoingNetworks = [IPNetwork.Parse("127.0.0.0/8")] });
        using var answer = await SendAsync(client, $"http://127.0.0.1:{server.Port}/");
        answer.StatusCode.ShouldBe(HttpStatusCode.Found);
        inside.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData(65_536, 0, true)]
    [InlineData(65_537, 0, false)]
    [InlineData(1, 8_000, true)]
    [InlineData(1, 17_000, false)]
    public async Task An_answer_is_bounded(int body, int header, bool taken)
    {
        await using var server = new RawServer(IPAddress.Loopback, RawServer.Answer(new string('x', body), $"200 OK\r\nX-Filler: {new string('x', header)}"));
        using var client = new OutgoingClient(ToThisMachine);
        var get = GetAsync(client, $"http://127.0.0.1:{server.Port}/");
        if (taken)
        {
            (await get).Length.ShouldBe(body);
        }
        else
        {
            await Should.ThrowAsync<HttpRequestException>(() => get);
        }
    }

    [Fact]
    public async Task An_answer_that_does_not_come_or_end_is_given_up()
    {
        await using var silent = new RawServer(IPAddress.Loopback, null);
        await using var halting = new RawServer(IPAddress.Loopback, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", stays: true);
        using var client = new OutgoingClient(ToThisMachine, patience: Duration.FromMilliseconds(200));
        await Should.ThrowAsync<TaskCanceledException>(() => GetAsync(client, $"http://127.0.0.1:{silent.Port}/"));
        await Should.ThrowAsync<TaskCanceledException>(() => GetAsync(client, $"http://127.0.0.1:{halting.Port}/"));
    }

    // Over HTTP/3 a connection would be made without being checked.
    [Fact]
    public async Task A_request_goes_by_no_other_way_than_a_checked_connection()
    {
        await using var proxy = new RawServer(IPAddress.Loopback, RawServer.Answer("proxied"));
        await using var server = new RawServer(IPAddress.Loopback, RawServer.Answer("direct"));
        var before = HttpClient.DefaultProxy;
        HttpClient.DefaultProxy = new WebProxy($"http://127.0.0.1:{proxy.Port}");
        try
        {
            using var client = new OutgoingClient(ToThisMachine);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.Port}/") { Version = HttpVersion.Version30, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await client.SendAsync(request, Token);
            (await answer.Content.ReadAsStringAsync(Token)).ShouldBe("direct");
            server.Request.ShouldStartWith("GET / HTTP/1.1\r\n");
            server.Request.ShouldNotContain("traceparent");
            proxy.Connections.ShouldBe(0);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }
    }

    private static async Task<string> GetAsync(OutgoingClient client, string url)
    {
        using var answer = await SendAsync(client, url);
        return await answer.Content.ReadAsStringAsync(Token);
    }

    private static async Task<HttpResponseMessage> SendAsync(OutgoingClient client, string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        return await client.SendAsync(request, Token);
    }
}
