using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillApis.AspNetCore;

/// <summary>Carries out ordered runs after their request was answered; what a stop cuts off is due still, and billed by the worker or the next run.</summary>
internal sealed partial class BackgroundRuns(Billing billing, IHostApplicationLifetime lifetime, ILogger<BackgroundRuns> logger)
{
    public void Start(InvoiceRun run) => _ = Task.Run(() => ExecuteAsync(run));

    private async Task ExecuteAsync(InvoiceRun run)
    {
        try
        {
            await billing.Runs.ExecuteAsync(run, lifetime.ApplicationStopping).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for this task: a failure is told to the log.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogStopped(run.Id, exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The invoice run {Run} stopped; what is due is billed by the next one.")]
    private partial void LogStopped(InvoiceRunId run, Exception exception);
}
