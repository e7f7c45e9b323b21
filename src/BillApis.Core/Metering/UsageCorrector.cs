using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Takes back and amends events: load, decide, store, and again where something came between.</summary>
internal sealed class UsageCorrector(IUsageStore store, MetricCatalog metrics, IClock clock)
{
    private const int MaxAttempts = 20;

    /// <summary>Voids an event; one that is voided stays so.</summary>
    public Task<StoredEvent> VoidAsync(TenantId tenant, string source, string id, string? reason, CancellationToken cancellationToken) =>
        CorrectAsync(tenant, source, id, reason, found => Task.FromResult(found.IsVoided ? Change.None : new Change(null)), cancellationToken);

    /// <summary>Amends an event; one that says the same already stays so.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="amendment">What is to count.</param>
    /// <param name="stamp">Takes in what is to count, which arrived when the event did.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public Task<StoredEvent> AmendAsync(TenantId tenant, UsageAmendment amendment, Func<UsageEvent, Instant, Task<StampedEvent>> stamp, CancellationToken cancellationToken) =>
        CorrectAsync(
            tenant, amendment.Source, amendment.Id, amendment.Reason,
            async found =>
            {
                var net = found.Net ?? throw new BillingException(BillingErrorCode.Conflict, $"The event '{amendment.Id}' was voided; nothing can count in its place.");
                var content = await stamp(amendment.Of(net), found.RecordedAt).ConfigureAwait(false);
                return content.Event == net ? Change.None : new Change(content);
            },
            cancellationToken);

    private async Task<StoredEvent> CorrectAsync(TenantId tenant, string source, string id, string? reason, Func<StoredEvent, Task<Change>> decide, CancellationToken cancellationToken)
    {
        Check.Text("reason", reason);
        for (var attempt = 1; ; attempt++)
        {
            var found = await store.FindEventAsync(tenant, source, id, cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound("event", id);
            var change = await decide(found).ConfigureAwait(false);
            if (ReferenceEquals(change, Change.None))
            {
                return found;
            }

            if (await store.CorrectAsync(tenant, await StampAsync(tenant, found, reason, change, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false))
            {
                return (await store.FindEventAsync(tenant, source, id, cancellationToken).ConfigureAwait(false))!;
            }

            _ = attempt < MaxAttempts ? 0 : throw new BillingException(BillingErrorCode.Conflict, $"The event '{id}' is being changed by others; try again.");
        }
    }

    private async Task<StampedCorrection> StampAsync(TenantId tenant, StoredEvent found, string? reason, Change change, CancellationToken cancellationToken)
    {
        var counting = new List<Metric>();
        foreach (var metric in found.Corrections is [.., var last] ? last.Metrics : found.Metrics)
        {
            counting.Add(await metrics.FindAsync(tenant, metric.ToString(), cancellationToken).ConfigureAwait(false) ?? throw BillingException.NotFound(Metric.Kind, metric.ToString()));
        }

        var (now, after) = (clock.GetCurrentInstant(), found.Corrections.Length);
        return new StampedCorrection
        {
            Id = EntityId.Derive<UsageCorrectionId>(now, $"{tenant}\n{found.Event.Source}\n{found.Event.Id}\n{after}"),
            Source = found.Event.Source,
            Event = found.Event.Id,
            After = after,
            RecordedAt = now,
            Reason = reason,
            Content = change.Content,
            Metrics = [.. counting],
        };
    }

    private sealed record Change(StampedEvent? Content)
    {
        public static Change None { get; } = new((StampedEvent?)null);
    }
}
