using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>A row of <c>billing_usage_correction</c>, which queries name c.</summary>
internal sealed record CorrectionRow
{
    public const string Columns = """
        c.source as Source, c.id as Id, c.sequence as Sequence, c.correction_id as CorrectionId, c.reason as Reason, c.recorded_at as CorrectedAt, c.type as Type, c.customer as Customer,
        c.customer_id as CustomerId, c.subscription_id as SubscriptionId, c.at as At, c.arrived_at as ArrivedAt, c.properties as Properties, c.metrics as Metrics
        """;

    public required string Source { get; init; }
    public required string Id { get; init; }
    public required long Sequence { get; init; }
    public required string CorrectionId { get; init; }
    public string? Reason { get; init; }
    public required long CorrectedAt { get; init; }
    public string? Type { get; init; }
    public string? Customer { get; init; }
    public string? CustomerId { get; init; }
    public string? SubscriptionId { get; init; }
    public long? At { get; init; }
    public required long ArrivedAt { get; init; }
    public string? Properties { get; init; }
    public string? Metrics { get; init; }

    /// <summary>What counts in the event's place; null for nothing.</summary>
    public StoredEvent? Content => Type is null ? null : new EventRow
    {
        Source = Source, Id = Id, Type = Type, Customer = Customer!, CustomerId = CustomerId, SubscriptionId = SubscriptionId!, At = At!.Value, RecordedAt = ArrivedAt, Properties = Properties!, Metrics = Metrics!,
    }.Read();

    public EventCorrection Correction => new(EntityId.Parse<UsageCorrectionId>(CorrectionId), SqlTime.FromMicroseconds(CorrectedAt), Reason, Content?.Event, Content?.Metrics ?? []);
}
