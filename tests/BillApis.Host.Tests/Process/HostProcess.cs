using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests;

/// <summary>The real host as a process of its own; <c>{url}</c> in an argument stands for its address. It runs on a free loopback port, with its own home folder for the keys of Data Protection.</summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly System.Diagnostics.Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly HttpClient _client;

    private HostProcess(string folder, string[] arguments)
    {
        Url = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "BillApis.Host.dll"));
        start.ArgumentList.Add($"--urls={Url.OriginalString}");
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument.Replace("{url}", Url.OriginalString, StringComparison.Ordinal));
        }

        start.Environment["HOME"] = folder;
        _client = new HttpClient { BaseAddress = Url };
        _process = System.Diagnostics.Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public Uri Url { get; }

    public string Output => string.Join('\n', _output);

    /// <summary>The password that was generated for the first administrator, or null where none was.</summary>
    public string? GeneratedPassword => PasswordLine().Match(Output) is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>Starts the host and waits until it serves.</summary>
    public static async Task<HostProcess> StartAsync(string folder, params string[] arguments)
    {
        var host = new HostProcess(folder, arguments);
        await Eventually.TrueAsync(async () =>
        {
            host._process.HasExited.ShouldBeFalse(host.Output);
            try
            {
                using var answer = await host._client.GetAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
                return answer.StatusCode is HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return host;
    }

    /// <summary>Starts a host that must refuse to run; answers its exit code and what it said.</summary>
    public static async Task<(int ExitCode, string Output)> RefusedAsync(string folder, params string[] arguments)
    {
        await using var host = new HostProcess(folder, arguments);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        await host._process.WaitForExitAsync(patience.Token);
        return (host._process.ExitCode, host.Output);
    }

    public Api Api(string? token = null) => new(_client, token);

    public async Task<string> TokenAsync(string email, string password) =>
        (await Api().PostAsync("/auth/login", new { email, password })).Ok().GetProperty("access_token").GetString()!;

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        _client.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("First administrator: .* with password (\\S+)")]
    private static partial Regex PasswordLine();
}
