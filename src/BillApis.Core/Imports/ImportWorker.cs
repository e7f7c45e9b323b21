using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BillApis;

/// <summary>Reads the files that were sent, beside the other work: as soon as one is here, and what a crash left.</summary>
internal sealed partial class ImportWorker(UsageImports imports, IOptions<BillingOptions> options, ILogger<ImportWorker> logger) : BackgroundService
{
    private readonly SemaphoreSlim _ready = new(0);

    public override void Dispose()
    {
        _ready.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.RunWorker)
        {
            return;
        }

        imports.Ready += () => _ready.Release();
        while (true)
        {
            await _ready.WaitAsync(options.Value.WorkerInterval.ToTimeSpan(), stoppingToken).ConfigureAwait(false);
            try
            {
                await imports.ResumeAsync(stoppingToken).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever stops an import, the next round goes on with it.
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogFailed(exception);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An import stopped and goes on in the next round.")]
    private partial void LogFailed(Exception exception);
}
