namespace BillApis.Storage.Sql.Reservations;

/// <summary>A row of <c>billing_reservation</c>.</summary>
internal sealed record ReservationRow
{
    public const string Columns = "id as Id, customer_id as CustomerId, subject as Subject, starts_at as StartsAt, quantity as Quantity, quota_limit as QuotaLimit, state as State, actual as Actual, expires_at as ExpiresAt";

    public required string Id { get; init; }
    public required string CustomerId { get; init; }
    public required string Subject { get; init; }
    public required long StartsAt { get; init; }
    public required string Quantity { get; init; }
    public string? QuotaLimit { get; init; }
    public required string State { get; init; }
    public string? Actual { get; init; }
    public required long ExpiresAt { get; init; }

    public Reservation Read() => new()
    {
        Id = EntityId.Parse<ReservationId>(Id),
        Quota = new QuotaKey(EntityId.Parse<CustomerId>(CustomerId), Subject, SqlTime.FromMicroseconds(StartsAt)),
        Quantity = SqlDecimal.Parse(Quantity),
        Limit = QuotaLimit is null ? null : SqlDecimal.Parse(QuotaLimit),
        State = Enum.Parse<ReservationState>(State, ignoreCase: true),
        Actual = Actual is null ? null : SqlDecimal.Parse(Actual),
        ExpiresAt = SqlTime.FromMicroseconds(ExpiresAt),
    };

    public static object Write(Reservation item) => new
    {
        id = item.Id.ToString(),
        customer_id = item.Quota.Customer.ToString(),
        subject = item.Quota.Subject,
        starts_at = item.Quota.Start.ToMicroseconds(),
        quantity = Exact.Format(item.Quantity),
        quota_limit = item.Limit is { } limit ? Exact.Format(limit) : null,
        state = EntityMaps.Wire(item.State),
        actual = item.Actual is { } actual ? Exact.Format(actual) : null,
        expires_at = item.ExpiresAt.ToMicroseconds(),
    };
}
