using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BillApis.Unit.Tests.Outgoing;

/// <summary>A server that answers every connection's first request with the same bytes and counts the connections.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;
    private int _connections;

    /// <param name="address">Where it listens.</param>
    /// <param name="answer">What it answers; null for nothing, ever.</param>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="stays">Whether the connection stays open after the answer.</param>
    public RawServer(IPAddress address, string? answer, int port = 0, bool stays = false)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        _serving = ServeAsync(answer, stays);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public string Request { get; private set; } = "";

    public static string Answer(string body, string head = "200 OK") => $"HTTP/1.1 {head}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        // It stops listening once nobody waits for a connection any more.
        await _stop.CancelAsync();
        await _serving;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task ServeAsync(string? answer, bool stays)
    {
        var open = new List<Socket>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                open.Add(socket);
                Interlocked.Increment(ref _connections);
                var buffer = new byte[8192];
                Request = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, _stop.Token));
                if (answer is not null)
                {
                    await socket.SendAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
                }

                if (answer is not null && !stays)
                {
                    socket.Dispose();
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over, or the client went away from an answer that it did not want.
        }
        finally
        {
            open.ForEach(socket => socket.Dispose());
        }
    }
}
