using BillApis.Outbox;
using BillApis.Storage;
using Microsoft.Extensions.Logging;

namespace BillApis;

/// <summary>Moves what customers spent as usage arrives, tells the thresholds that it reaches, and does what their limits say.</summary>
internal sealed partial class SpendWatch : IDisposable
{
    private const int SweepSize = 200;
    private readonly ISpendLimitStore _limits;
    private readonly SpendMoves _moves;
    private readonly OutboxDispatcher _outbox;
    private readonly LimitedCustomers _limited;
    private readonly ILogger<SpendWatch> _logger;
    private readonly SpendLooks _looks;
    private readonly SpendPace _pace = new();
    private SpendLimitId? _sweptTo;

    public SpendWatch(ISpendLimitStore limits, SpendMoves moves, OutboxDispatcher outbox, LimitedCustomers limited, ILogger<SpendWatch> logger)
    {
        (_limits, _moves, _outbox, _limited, _logger) = (limits, moves, outbox, limited, logger);
        _looks = new SpendLooks((tenant, customers) => moves.MoveAsync(tenant, customers, CancellationToken.None), tenant => outbox.DispatchAsync(tenant, CancellationToken.None), exception => LogNotLooked(logger, exception));
    }

    /// <summary>Looks at customers whose usage has just been stored, where they have limits; where looks come too fast, a little later and together. What fails here is made up for by the next look; intake never fails with it.</summary>
    public async Task ArrivedAsync(TenantId tenant, IEnumerable<CustomerId> arrived)
    {
        try
        {
            var paced = (await _limited.AmongAsync(tenant, arrived).ConfigureAwait(false)).ToLookup(customer => _pace.Take((tenant, customer)));
            if (paced.Contains(false))
            {
                List<CustomerId> later = [.. paced[false]];
                AnsweredWork.OnceStored(() => _looks.Later(tenant, later));
            }

            // What a request with a key stored is seen by itself alone until it is answered.
            await (!paced.Contains(true) ? Task.CompletedTask : AnsweredWork.Current is null ? _looks.NextAsync(tenant, paced[true]) : MoveAsync(tenant, [.. paced[true]], CancellationToken.None)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The usage is stored; its sender must not be told otherwise.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotLooked(_logger, exception);
        }
    }

    /// <summary>Looks at some limits of all tenants, going on where it stopped: at what other nodes took in, at months that are over, and at what a crash left.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var found = await _limits.WatchedAsync(_sweptTo, SweepSize, cancellationToken).ConfigureAwait(false);
        _sweptTo = found.Count < SweepSize ? null : found[^1].Id;
        foreach (var tenant in found.GroupBy(limit => limit.Tenant, limit => limit.Customer))
        {
            foreach (var customers in tenant.Distinct().Chunk(SpendLooks.Most))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await _looks.LookAsync(tenant.Key, customers).ConfigureAwait(false);
            }

            await _outbox.DispatchAsync(tenant.Key, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Brings what customers spent, their limits and what they do up to date, and posts it.</summary>
    public async Task MoveAsync(TenantId tenant, IReadOnlyCollection<CustomerId> customers, CancellationToken cancellationToken)
    {
        await _moves.MoveAsync(tenant, customers, cancellationToken).ConfigureAwait(false);
        await _outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _looks.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The spend of customers whose usage was stored could not be moved; the next look makes up for it.")]
    private static partial void LogNotLooked(ILogger logger, Exception exception);
}
