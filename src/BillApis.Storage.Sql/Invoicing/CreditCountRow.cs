using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Invoicing;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>A grant of a customer and what its entries come to.</summary>
internal sealed record CreditCountRow
{
    public const string Select = """
        select g.id as Id, g.body as Body, g.version as Version, g.balance_minor as Listed,
          cast(coalesce(e.entries, 0) as bigint) as Entries, cast(coalesce(e.amount, 0) as bigint) as Counted, e.broken as Broken
        from billing_credit_grant as g
        left join (
          select n.grant_id, count(*) as entries, sum(n.amount_minor) as amount, min(case when n.balance_minor <> n.running or n.number <> n.place then n.number end) as broken
          from (
            select grant_id, number, amount_minor, balance_minor, sum(amount_minor) over (partition by grant_id order by number) as running, row_number() over (partition by grant_id order by number) - 1 as place
            from billing_credit_entry where tenant_id = @Tenant and customer_id = @Customer
          ) as n
          group by n.grant_id
        ) as e on e.grant_id = g.id
        where g.tenant_id = @Tenant and g.customer_id = @Customer
        order by g.id
        """;

    public required string Id { get; init; }
    public required string Body { get; init; }
    public required long Version { get; init; }
    public required long Listed { get; init; }
    public required long Entries { get; init; }
    public required long Counted { get; init; }
    public long? Broken { get; init; }

    public CreditCount Read(IEnumerable<CreditUseRow> uses)
    {
        var grant = JsonSerializer.Deserialize<CreditGrant>(Body, BillingJson.Options)!.WithVersion(Version);
        Money Of(long minorUnits) => Money.FromMinorUnits(minorUnits, grant.Amount.Currency);
        return new CreditCount(grant, Of(Listed), (int)Entries, Of(Counted), (int?)Broken, uses.ToImmutableDictionary(use => EntityId.Parse<InvoiceId>(use.InvoiceId), use => Of(use.Used)));
    }
}

/// <summary>What an invoice used of a grant, and did not give back.</summary>
internal sealed record CreditUseRow
{
    public const string Select = """
        select grant_id as GrantId, invoice_id as InvoiceId, cast(-sum(amount_minor) as bigint) as Used
        from billing_credit_entry
        where tenant_id = @Tenant and customer_id = @Customer and invoice_id is not null and kind in ('used', 'returned')
        group by grant_id, invoice_id
        """;

    public required string GrantId { get; init; }
    public required string InvoiceId { get; init; }
    public required long Used { get; init; }
}
