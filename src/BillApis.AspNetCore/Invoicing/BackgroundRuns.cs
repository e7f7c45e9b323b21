using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>Carries out ordered runs after their request was answered; what a stop cuts off is due still, and billed by the worker or the next run.</summary>
internal sealed partial class BackgroundRuns(Billing billing, ILogger<BackgroundRuns> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<InvoiceRunId, Task> _running = new();

    public void Start(InvoiceRun run)
    {
        foreach (var (id, _) in _running.Where(pair => pair.Value.IsCompleted))
        {
            _running.TryRemove(id, out _);
        }

        _running[run.Id] = Task.Run(() => ExecuteAsync(run));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_running.Values).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task ExecuteAsync(InvoiceRun run)
    {
        try
        {
            await billing.Runs.ExecuteAsync(run, _stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The run stays as far as it came.
        }
#pragma warning disable CA1031 // Nobody waits for this task: a failure is told to the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(run.Id, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The invoice run {Run} stopped; what is due is billed by the next one.")]
    private partial void LogFailed(InvoiceRunId run, Exception exception);
}
