using System.Data.Common;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Appends the corrections of one backfill, batch by batch, and counts anew at the end what they changed.</summary>
/// <remarks>Nothing else may write usage of the tenant meanwhile.</remarks>
internal sealed class BackfillWrites(SqlDialect dialect, DbTransaction transaction, UsageBackfill backfill, BackfillWork work)
{
    private readonly Dictionary<MetricId, Metric> _metrics = work.Metrics.ToDictionary(metric => metric.Id);
    private readonly Dictionary<(UsageBucket, CustomerId, MetricId), UsageCell> _cells = [];

    /// <summary>Whose usage of which metric changes.</summary>
    public HashSet<(CustomerId Customer, MetricId Metric)> Usage { get; } = [];

    /// <summary>Lets something else count in the place of events, or nothing; what was billed is marked to be rated again.</summary>
    public async Task CorrectAsync(IReadOnlyList<(EventState State, StoredEvent? Content)> changes, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var changed = changes.SelectMany(change => new[] { change.State.Net, change.Content }).OfType<StoredEvent>().Where(item => item.Customer is not null)
            .Select(item => UsageCorrections.Measured(item, [.. item.Metrics.Select(id => _metrics[id])])!).ToList();
        var gates = await UsageGates.ReadAsync(dialect, transaction, backfill.Tenant, changed, cancellationToken).ConfigureAwait(false);
        var late = new LateMarks(gates);
        foreach (var item in changed)
        {
            foreach (var part in item.Contributions)
            {
                RefuseLate(gates, item, part.Metric);
                late.Add(item.Customer!.Value, part.Metric, item.Event.SubscriptionId, item.At);
                Usage.Add((item.Customer.Value, part.Metric.Id));
            }

            foreach (var cell in UsageCell.Of(item))
            {
                _cells.TryAdd(cell.Key, cell);
            }
        }

        await transaction.BulkAsync(Insert(), backfill.Tenant, changes.Select(change => Row(change.State, change.Content)), cancellationToken).ConfigureAwait(false);
        await late.WriteAsync(dialect, transaction, backfill.Tenant, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Remembers the corrections that applying appended.</summary>
    public Task RememberAsync(IReadOnlyList<(EventState State, StoredEvent? Content)> changes, CancellationToken cancellationToken) => changes.Count == 0
        ? Task.CompletedTask
        : transaction.BulkAsync(
            $"""
            insert into billing_usage_backfill_correction (tenant_id, backfill_id, source, id, sequence)
            select @Tenant, r.backfill_id, r.source, r.id, r.sequence from {dialect.Rows("Rows", "backfill_id text", "source text", "id text", "sequence bigint")} as r
            """,
            backfill.Tenant,
            changes.Select(change => new { backfill_id = backfill.Id, source = change.State.Source, id = change.State.Id, sequence = change.State.Sequence + 1 }),
            cancellationToken);

    /// <summary>Counts anew what was corrected.</summary>
    public Task RecountAsync(CancellationToken cancellationToken) => new UsageRecount(dialect, transaction, backfill.Tenant).RunAsync(_cells.Values, cancellationToken);

    // What a bill holds is not taken from where nothing can be added to it either.
    private void RefuseLate(UsageGates gates, StampedEvent item, Metric metric)
    {
        if (!work.CountsLate && backfill.Status is UsageBackfillStatus.Open && gates.IsLate(item.Customer!.Value, metric.Id, item))
        {
            throw new BillingException(
                BillingErrorCode.Conflict, $"The event '{item.Event.Id}' was billed, and the tenant keeps late usage as orphans: it cannot be replaced. Change late_usage of the settings, or take a timeframe that was not billed.");
        }
    }

    private object Row(EventState state, StoredEvent? content) => new
    {
        source = state.Source, id = state.Id, sequence = state.Sequence + 1, reason = BackfillScope.ReasonOf(backfill), recorded_at = work.At.ToMicroseconds(), arrived_at = state.ArrivedAt.ToMicroseconds(),
        correction_id = EntityId.Derive<UsageCorrectionId>(work.At, $"{backfill.Tenant}\n{state.Source}\n{state.Id}\n{state.Sequence}"),
        type = content?.Event.Type, customer = content?.Event.Customer, customer_id = content?.Customer, subscription_id = content is null ? null : content.Event.SubscriptionId?.ToString() ?? "",
        at = content?.Event.Timestamp?.ToMicroseconds(), properties = content?.Event.Properties.ToString(), metrics = content is null ? null : string.Join(' ', content.Metrics),
    };

    private string Insert() =>
        $"""
        insert into billing_usage_correction
            (tenant_id, source, id, sequence, correction_id, reason, recorded_at, type, customer, customer_id, subscription_id, at, arrived_at, properties, metrics)
        select @Tenant, r.source, r.id, r.sequence, r.correction_id, r.reason, r.recorded_at, r.type, r.customer, r.customer_id, r.subscription_id, r.at, r.arrived_at, r.properties, r.metrics
        from {dialect.Rows(
            "Rows", "source text", "id text", "sequence bigint", "correction_id text", "reason text", "recorded_at bigint", "type text", "customer text", "customer_id text", "subscription_id text",
            "at bigint", "arrived_at bigint", "properties text", "metrics text")} as r
        """;
}
