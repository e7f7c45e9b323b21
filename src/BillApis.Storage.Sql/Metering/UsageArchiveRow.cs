namespace BillApis.Storage.Sql.Metering;

/// <summary>A file as <c>billing_usage_archive</c> has it.</summary>
internal sealed record UsageArchiveRow
{
    public const string Insert = """
        insert into billing_usage_archive (tenant_id, month, part, file, events, bytes, sha256, archived_at)
        values (@Tenant, @Month, @Part, @File, @Events, @Bytes, @Sha256, @ArchivedAt)
        on conflict do nothing
        """;

    public const string Select =
        "select month as Month, part as Part, file as File, events as Events, bytes as Bytes, sha256 as Sha256, archived_at as ArchivedAt from billing_usage_archive where tenant_id = @Tenant";

    public required long Month { get; init; }
    public required long Part { get; init; }
    public required string File { get; init; }
    public required long Events { get; init; }
    public required long Bytes { get; init; }
    public required string Sha256 { get; init; }
    public required long ArchivedAt { get; init; }

    public static object Of(UsageArchivePart part) => new
    {
        Tenant = part.Tenant.ToString(), Month = ArchivedUsage.NumberOf(part.Month), Part = (long)part.Part, part.File, part.Events, part.Bytes, part.Sha256, ArchivedAt = part.ArchivedAt.ToMicroseconds(),
    };

    public UsageArchivePart Read(TenantId tenant) => new(tenant, ArchivedUsage.MonthOf(Month), (int)Part, File, Events, Bytes, Sha256, SqlTime.FromMicroseconds(ArchivedAt));
}
