using BillApis.Outbox;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BillApis.Workers;

/// <summary>Does what has to happen without anyone asking: renewals and invoices, events that a crash left, overdue marks.</summary>
public sealed partial class BillingWorker : BackgroundService
{
    private readonly IReadOnlyList<BillingJob> _jobs;
    private readonly IOptions<BillingOptions> _options;
    private readonly ILogger<BillingWorker> _logger;
    private long _resumeAt;

    internal BillingWorker(IEnumerable<BillingJob> jobs, IOptions<BillingOptions> options, ILogger<BillingWorker> logger) =>
        (_jobs, _options, _logger) = ([.. jobs], options, logger);

    /// <summary>Does every job once, in order; a job that fails is logged and does not keep the others from running.</summary>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var job in _jobs)
        {
            try
            {
                await job.RunAsync(cancellationToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever a job throws, the next round tries again.
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(job.Name, exception);
            }
        }
    }

    /// <summary>Starts the wait for the next round anew, so that what someone is about to order comes first.</summary>
    public void Postpone() => Interlocked.Exchange(ref _resumeAt, Environment.TickCount64 + _options.Value.WorkerInterval.BclCompatibleTicks / TimeSpan.TicksPerMillisecond);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.Value.RunWorker)
        {
            return;
        }

        using var timer = new PeriodicTimer(_options.Value.WorkerInterval.ToTimeSpan());
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (Environment.TickCount64 >= Interlocked.Read(ref _resumeAt))
            {
                await RunOnceAsync(stoppingToken).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The job '{Job}' failed and is tried again in the next round.")]
    private partial void LogFailed(string job, Exception exception);
}

/// <summary>Work that is done in bounded batches, again and again, by every node.</summary>
/// <param name="Name">The word for it in logs.</param>
/// <param name="RunAsync">Does all there is to do now.</param>
internal sealed record BillingJob(string Name, Func<CancellationToken, Task> RunAsync);
