namespace BillApis.Storage.Sql.Reservations;

/// <summary>A row of <c>billing_reservation</c>.</summary>
internal sealed record ReservationRow
{
    public const string Columns = $"{Fixed}, state as State";

    /// <summary>All columns but the state, which changes by itself once a reservation expires.</summary>
    public const string Fixed = "id as Id, customer_id as CustomerId, subject as Subject, starts_at as StartsAt, quantity as Quantity, quota_limit as QuotaLimit, actual as Actual, expires_at as ExpiresAt, also_subject as AlsoSubject, also_limit as AlsoLimit";

    /// <summary>The columns of <see cref="Write"/>.</summary>
    public static readonly string[] Types = ["id text", "customer_id text", "subject text", "starts_at bigint", "quantity text", "quota_limit text", "state text", "actual text", "expires_at bigint", "also_subject text", "also_limit text"];

    private static readonly string Names = string.Join(", ", Types.Select(type => type.Split(' ')[0]));

    private static readonly string Values = string.Join(", ", Types.Select(type => $"r.{type.Split(' ')[0]}"));

    public required string Id { get; init; }
    public required string CustomerId { get; init; }
    public required string Subject { get; init; }
    public required long StartsAt { get; init; }
    public required string Quantity { get; init; }
    public string? QuotaLimit { get; init; }
    public required string State { get; init; }
    public string? Actual { get; init; }
    public required long ExpiresAt { get; init; }
    public string? AlsoSubject { get; init; }
    public string? AlsoLimit { get; init; }

    public static string Insert(string rows) => $"insert into billing_reservation (tenant_id, {Names}) select @Tenant, {Values} from {rows} as r where true on conflict do nothing";

    public static string Update(string rows) =>
        $"update billing_reservation set state = r.state, actual = r.actual from {rows} as r where billing_reservation.tenant_id = @Tenant and billing_reservation.id = r.id";

    public Reservation Read() => new()
    {
        Id = EntityId.Parse<ReservationId>(Id),
        Quota = new QuotaKey(EntityId.Parse<CustomerId>(CustomerId), Subject, SqlTime.FromMicroseconds(StartsAt)),
        Quantity = SqlDecimal.Parse(Quantity),
        Limit = QuotaLimit is null ? null : SqlDecimal.Parse(QuotaLimit),
        State = Enum.Parse<ReservationState>(State, ignoreCase: true),
        Actual = Actual is null ? null : SqlDecimal.Parse(Actual),
        ExpiresAt = SqlTime.FromMicroseconds(ExpiresAt),
        Also = AlsoSubject is null ? null : new QuotaShare(AlsoSubject, AlsoLimit is null ? null : SqlDecimal.Parse(AlsoLimit)),
    };

    public static SqlValue[] Write(Reservation item) =>
    [
        item.Id.ToString(), item.Quota.Customer.ToString(), item.Quota.Subject, item.Quota.Start.ToMicroseconds(), Exact.Format(item.Quantity),
        item.Limit is { } limit ? Exact.Format(limit) : null, EntityMaps.Wire(item.State), item.Actual is { } actual ? Exact.Format(actual) : null, item.ExpiresAt.ToMicroseconds(),
        item.Also?.Subject, item.Also?.Limit is { } also ? Exact.Format(also) : null,
    ];
}
