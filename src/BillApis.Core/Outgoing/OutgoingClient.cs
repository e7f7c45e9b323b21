using System.Net;
using System.Net.Sockets;
using NodaTime;

namespace BillApis.Outgoing;

/// <summary>Sends to URLs that tenants choose, and to nothing that only this machine or its network reaches: every connection goes to an address that was checked.</summary>
/// <remarks>Redirects are answers like any other. No proxy, cookie or credential of this process is used, and answers are bounded in time and size.</remarks>
public sealed class OutgoingClient : IDisposable
{
    private static readonly TimeSpan KeptOpen = TimeSpan.FromMinutes(1);
    private readonly IReadOnlyList<IPNetwork> _networks;
    private readonly bool _http;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpClient _client;

    internal OutgoingClient(BillingOptions options, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null, Duration? patience = null)
    {
        (_networks, _http, _resolve) = (options.OutgoingNetworks, options.OutgoingHttp, resolve ?? Dns.GetHostAddressesAsync);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = Limits.OutgoingHeaderKilobytes,
            PooledConnectionLifetime = KeptOpen,
            ConnectCallback = ConnectAsync,
        };
        _client = new HttpClient(handler) { Timeout = (patience ?? Limits.OutgoingPatience).ToTimeSpan(), MaxResponseContentBufferSize = Limits.OutgoingAnswerBytes };
    }

    /// <summary>Reads a URL that a tenant sets.</summary>
    /// <param name="field">The path of the field that holds it.</param>
    /// <param name="url">The URL as it was written.</param>
    /// <exception cref="BillingException">It may not be sent to; the message says what may.</exception>
    /// <remarks>Where a name leads may change, so that is looked at whenever something is sent.</remarks>
    public Uri Check(string field, string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return url.Length <= Limits.UrlLength && Uri.TryCreate(url, UriKind.Absolute, out var address) && IsAllowed(address) ? address : throw Refused(field);
    }

    /// <summary>Sends the request and answers once the whole answer is there.</summary>
    /// <exception cref="BillingException">The URL may not be sent to, or its name leads nowhere that may.</exception>
    /// <exception cref="HttpRequestException">There is no answer, or one that is too large.</exception>
    /// <exception cref="TaskCanceledException">The answer took too long.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.RequestUri is not { IsAbsoluteUri: true } address || !IsAllowed(address))
        {
            throw Refused("url");
        }

        // Later versions may go over connections that are not made here.
        (request.Version, request.VersionPolicy) = (HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact);
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception) when (exception.InnerException is BillingException refusal)
        {
            throw refusal;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private bool IsAllowed(Uri url) =>
        (url.Scheme == Uri.UriSchemeHttps || (_http && url.Scheme == Uri.UriSchemeHttp)) && url.UserInfo.Length == 0 && url.IdnHost.TrimEnd('.') is { Length: > 0 } host
        && (IPAddress.TryParse(host, out var address) ? IsOpen(address) : !IsThisMachine(host) || IsOpen(IPAddress.Loopback));

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private bool IsOpen(IPAddress address) => PublicAddress.IsOpen(address, _networks);

    // The name is resolved once, and what is connected to is what was checked: it cannot become another address in between.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var found = await _resolve(context.DnsEndPoint.Host, cancellationToken).ConfigureAwait(false);
        SocketException? failure = null;
        foreach (var address in found.Where(IsOpen))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                failure = exception;
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure is null ? Refused("url") : failure;
    }

    private BillingException Refused(string field) => BillingException.Field(
        field, $"must be {(_http ? "an http or https" : "an https")} URL of at most {Limits.UrlLength} characters, without a user or password in it, that leads to a public address{(_networks.Count > 0 ? " or one of " + string.Join(", ", _networks) : "")}");
}
