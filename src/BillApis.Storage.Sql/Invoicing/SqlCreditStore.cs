using System.Data.Common;
using BillApis.Invoicing;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>Grants in <c>billing_credit_grant</c>; saving one adds its new entries to <c>billing_credit_entry</c>.</summary>
internal sealed class SqlCreditStore(SqlDatabase database) : SqlStore<CreditGrant>(database, Map), ICreditStore
{
    private static readonly EntityMap<CreditGrant> Map = EntityMap<CreditGrant>.Of(
        "billing_credit_grant",
        EntityColumn<CreditGrant>.Text("customer_id", item => item.Customer),
        EntityColumn<CreditGrant>.Text("category", item => EntityMaps.Wire(item.Category)),
        EntityColumn<CreditGrant>.Text("currency", item => item.Amount.Currency),
        EntityColumn<CreditGrant>.Number("balance_minor", item => item.Balance.MinorUnits),
        EntityColumn<CreditGrant>.Number("ends_at", item => item.Period.EndsAt?.ToMicroseconds()),
        EntityColumn<CreditGrant>.Number("next_change_at", item => item.NextChangeAt?.ToMicroseconds()));

    private readonly SqlDatabase _database = database;

    // What has ended has no next change; what has none otherwise never ends.
    private const string IsOpen = "(next_change_at is not null or ends_at is null)";

    public Task<IReadOnlyList<CreditGrant>> OpenAsync(TenantId tenant, IReadOnlyList<CustomerId> customers, CancellationToken cancellationToken) =>
        ReadAsync(
            tenant,
            $"tenant_id = @Tenant and customer_id in (select value from {_database.Dialect.Texts("Ids")} as r) and {IsOpen} order by id",
            [("Tenant", tenant.ToString()), ("Ids", Json(customers))],
            cancellationToken);

    public Task<IReadOnlyList<CreditGrant>> FindAsync(TenantId tenant, IReadOnlyList<CreditGrantId> grants, CancellationToken cancellationToken) =>
        ReadAsync(tenant, $"tenant_id = @Tenant and id in (select value from {_database.Dialect.Texts("Ids")} as r) order by id", [("Tenant", tenant.ToString()), ("Ids", Json(grants))], cancellationToken);

    public Task<IReadOnlyList<CreditGrant>> DueAsync(Instant now, int limit, CancellationToken cancellationToken) =>
        ReadAsync(null, "next_change_at <= @Now order by next_change_at limit @Limit", [("Now", now.ToMicroseconds()), ("Limit", limit)], cancellationToken);

    public async Task<Page<CreditEntry>> EntriesAsync(TenantId tenant, CustomerId customer, StoreQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfNotEqual(query.Limit is > 0 and <= Limits.PageSize, true, nameof(query));
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var grant = query.Where.GetValueOrDefault("grant_id");
        var rows = (await connection.QueryAsync<EntryRow>(new CommandDefinition(
            $"""
            select id as Id, grant_id as GrantId, number as Number, kind as Kind, amount_minor as Amount, balance_minor as Balance, currency as Currency, invoice_id as InvoiceId, at as At
            from billing_credit_entry
            where tenant_id = @Tenant and customer_id = @Customer {(grant is null ? "" : "and grant_id = @Grant")} {(query.After is null ? "" : "and id < @After")}
            order by id desc
            limit @Limit
            """,
            new { Tenant = tenant.ToString(), Customer = customer.ToString(), Grant = grant, query.After, Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();

        // Ids are ordered to the millisecond; what happened within one is ordered by number.
        var entries = rows.Take(query.Limit).Select(row => row.Read()).OrderByDescending(entry => entry.At).ThenByDescending(entry => entry.Grant.ToString(), StringComparer.Ordinal).ThenByDescending(entry => entry.Number);
        return new Page<CreditEntry>([.. entries], rows.Count > query.Limit ? rows[query.Limit - 1].Id : null);
    }

    public async Task<CustomerId?> NextCustomerAsync(TenantId tenant, CustomerId? after, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select min(customer_id) from billing_credit_grant where tenant_id = @Tenant and customer_id > @After",
            new { Tenant = tenant.ToString(), After = after?.ToString() ?? "" },
            cancellationToken: cancellationToken)).ConfigureAwait(false) is { } next ? EntityId.Parse<CustomerId>(next) : null;
    }

    public async Task<IReadOnlyList<CreditCount>> CountAsync(TenantId tenant, CustomerId customer, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var whose = new { Tenant = tenant.ToString(), Customer = customer.ToString() };
        var counts = await connection.QueryAsync<CreditCountRow>(new CommandDefinition(CreditCountRow.Select, whose, cancellationToken: cancellationToken)).ConfigureAwait(false);
        var uses = (await connection.QueryAsync<CreditUseRow>(new CommandDefinition(CreditUseRow.Select, whose, cancellationToken: cancellationToken)).ConfigureAwait(false)).ToLookup(use => use.GrantId);
        return [.. counts.Select(row => row.Read(uses[row.Id]))];
    }

    // Of two rules that begin at the same time, the second sees what the first found.
    protected override async Task<bool> IsWholeAsync(DbTransaction transaction, TenantId tenant, EntityRows<CreditGrant> rows, CancellationToken cancellationToken)
    {
        var customers = rows.Items.Where(grant => grant is { Version: 0, TopUp: not null }).Select(grant => grant.Customer.ToString()).Distinct().Order(StringComparer.Ordinal).ToList();
        if (customers.Count == 0)
        {
            return true;
        }

        foreach (var customer in customers)
        {
            await TransactionLock.HoldAsync(_database.Dialect, transaction, TransactionLock.Of($"credit\n{tenant}\n{customer}"), cancellationToken).ConfigureAwait(false);
        }

        var open = await transaction.Connection!.QueryAsync<string>(new CommandDefinition(
            $"select id from billing_credit_grant where tenant_id = @Tenant and customer_id in (select value from {_database.Dialect.Texts("Ids")} as r) and {IsOpen}",
            new { Tenant = tenant.ToString(), Ids = System.Text.Json.JsonSerializer.Serialize(customers) },
            transaction,
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return !open.Except(rows.Items.Select(grant => grant.Id.ToString())).Any();
    }

    protected override async Task PrepareAsync(DbTransaction transaction, TenantId tenant, EntityRows<CreditGrant> rows, CancellationToken cancellationToken)
    {
        var entries = rows.Items.SelectMany(grant => grant.Entries.Select(entry => EntryRow.Of(grant, entry))).ToList();
        if (entries.Count > 0)
        {
            await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                $"""
                insert into billing_credit_entry (tenant_id, id, grant_id, customer_id, number, kind, amount_minor, balance_minor, currency, invoice_id, at)
                select @Tenant, r.id, r.grant_id, r.customer_id, r.number, r.kind, r.amount_minor, r.balance_minor, r.currency, r.invoice_id, r.at
                from {_database.Dialect.Rows("Entries", "id text", "grant_id text", "customer_id text", "number bigint", "kind text", "amount_minor bigint", "balance_minor bigint", "currency text", "invoice_id text", "at bigint")} as r
                """,
                new { Tenant = tenant.ToString(), Entries = System.Text.Json.JsonSerializer.Serialize(entries) },
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false);
        }
    }

    private static string Json<TId>(IEnumerable<TId> ids) => System.Text.Json.JsonSerializer.Serialize(ids.Select(id => id!.ToString()));

    private async Task<IReadOnlyList<CreditGrant>> ReadAsync(TenantId? tenant, string where, (string Name, SqlValue Value)[] parameters, CancellationToken cancellationToken) =>
        await QueryAsync(tenant, $"select body, version from billing_credit_grant where {where}", parameters, cancellationToken).ConfigureAwait(false);

    private sealed record EntryRow
    {
        public required string Id { get; init; }
        public required string GrantId { get; init; }
        public required long Number { get; init; }
        public required string Kind { get; init; }
        public required long Amount { get; init; }
        public required long Balance { get; init; }
        public required string Currency { get; init; }
        public required string? InvoiceId { get; init; }
        public required long At { get; init; }

        public static object Of(CreditGrant grant, CreditEntry entry) => new
        {
            id = entry.Id.ToString(),
            grant_id = grant.Id.ToString(),
            customer_id = grant.Customer.ToString(),
            number = entry.Number,
            kind = EntityMaps.Wire(entry.Kind),
            amount_minor = entry.Amount.MinorUnits,
            balance_minor = entry.Balance.MinorUnits,
            currency = entry.Amount.Currency.Code,
            invoice_id = entry.Invoice?.ToString(),
            at = entry.At.ToMicroseconds(),
        };

        public CreditEntry Read()
        {
            var currency = BillApis.Currency.Parse(Currency);
            return new CreditEntry(
                EntityId.Parse<CreditEntryId>(Id), EntityId.Parse<CreditGrantId>(GrantId), (int)Number, Enum.GetValues<CreditEntryKind>().Single(kind => EntityMaps.Wire(kind) == Kind),
                Money.FromMinorUnits(Amount, currency), Money.FromMinorUnits(Balance, currency), SqlTime.FromMicroseconds(At), InvoiceId is null ? null : EntityId.Parse<InvoiceId>(InvoiceId));
        }
    }
}
