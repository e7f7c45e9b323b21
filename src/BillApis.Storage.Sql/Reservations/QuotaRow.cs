namespace BillApis.Storage.Sql.Reservations;

/// <summary>A row of <c>billing_quota</c>, and the database's clock when it was read.</summary>
internal sealed record QuotaRow
{
    public const string Columns = "customer_id as CustomerId, subject as Subject, starts_at as StartsAt, used as Used, reserved as Reserved, next_expiry as NextExpiry";

    public static readonly string[] KeyTypes = ["customer_id text", "subject text", "starts_at bigint"];

    public required string CustomerId { get; init; }
    public required string Subject { get; init; }
    public required long StartsAt { get; init; }
    public required string Used { get; init; }
    public required string Reserved { get; init; }
    public long? NextExpiry { get; init; }
    public long Now { get; init; }

    public QuotaKey Key => new(EntityId.Parse<CustomerId>(CustomerId), Subject, SqlTime.FromMicroseconds(StartsAt));

    public QuotaState State => new(new QuotaCount(SqlDecimal.Parse(Used), SqlDecimal.Parse(Reserved)), NextExpiry is { } next ? SqlTime.FromMicroseconds(next) : null);
}
