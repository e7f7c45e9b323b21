using System.Data.Common;
using System.Text.Json;
using BillApis.Auditing;
using BillApis.Conformance;
using BillApis.Storage.Sql;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests;

public sealed class SqliteAuditStoreTests(SqliteFixture fixture) : AuditStoreSuite(fixture), IClassFixture<SqliteFixture>
{
    protected override string DropTriggers => "drop trigger billing_audit_kept; drop trigger billing_audit_stays";

    protected override string MakeTriggers => """
        create trigger billing_audit_kept before update on billing_audit begin select raise(abort, 'an audit entry is never changed'); end;
        create trigger billing_audit_stays before delete on billing_audit
        when not exists (select 1 from billing_audit_anchor as a where a.tenant_id = old.tenant_id and a.sequence >= old.sequence)
        begin select raise(abort, 'an audit entry is never deleted'); end;
        """;
}

public sealed class PostgresAuditStoreTests(PostgresFixture fixture) : AuditStoreSuite(fixture), IClassFixture<PostgresFixture>
{
    protected override string DropTriggers => "drop trigger billing_audit_kept on billing_audit";

    protected override string MakeTriggers => "create trigger billing_audit_kept before update or delete on billing_audit for each row execute function billing_audit_kept()";
}

/// <summary>The audit trail is written with its cause, chained without forks, kept from being changed, and tells where it was tampered with.</summary>
public abstract class AuditStoreSuite(StoreFixture fixture)
{
    private static readonly AuditSource Source = new("usr_1", "req_1", "203.0.113.7", Instant.FromUnixTimeSeconds(1_700_000_000));
    private readonly TenantId _tenant = EntityId.New<TenantId>();

    protected abstract string DropTriggers { get; }

    protected abstract string MakeTriggers { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IAuditStore Store => fixture.Get<IAuditStore>();

    [Fact]
    public async Task Entries_of_two_nodes_at_once_make_one_chain_without_gaps()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Task.Run(() => (number % 2 == 0 ? Store : fixture.GetFromAnotherNode<IAuditStore>()).AppendAsync(_tenant, Source, Change($"thing-{number}"), Token))));
        var verified = await new AuditTrail(Store).VerifyAsync(_tenant, Token);
        (verified.Intact, verified.Entries, verified.BrokenAt).ShouldBe((true, 40, null));
        var page = await Store.ListAsync(_tenant, new AuditQuery { Limit = 25 }, Token);
        page.Items.Select(entry => entry.Sequence).ShouldBe(Enumerable.Range(16, 25).Select(number => (long)number).Reverse());
        (await Store.ListAsync(_tenant, new AuditQuery { Limit = 25, After = page.Next }, Token)).Items.Count.ShouldBe(15);
        page.Items.Concat((await Store.ListAsync(_tenant, new AuditQuery { Limit = 25, After = page.Next }, Token)).Items).Select(entry => entry.Object).Order().ShouldBe(Enumerable.Range(0, 40).Select(number => $"thing-{number}").Order());
        (await Store.ListAsync(EntityId.New<TenantId>(), new AuditQuery(), Token)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Old_entries_are_let_go_in_order_and_the_rest_still_verifies_from_where_they_ended()
    {
        for (var number = 1; number <= 10; number++)
        {
            await Store.AppendAsync(_tenant, Source with { At = Source.At + Duration.FromDays(number) }, Change($"thing-{number}"), Token);
        }

        (await Store.LetGoAsync(_tenant, Source.At, 100, Token)).ShouldBe(0);
        (await Store.LetGoAsync(_tenant, Source.At + Duration.FromDays(7), 4, Token)).ShouldBe(4);
        (await Store.LetGoAsync(_tenant, Source.At + Duration.FromDays(7), 4, Token)).ShouldBe(2);
        (await Store.ListAsync(_tenant, new AuditQuery(), Token)).Items.Select(entry => entry.Sequence).ShouldBe([10L, 9, 8, 7]);
        var verified = await new AuditTrail(Store).VerifyAsync(_tenant, Token);
        (verified.Intact, verified.Entries).ShouldBe((true, 10));
        await Should.ThrowAsync<DbException>(() => ExecuteAsync("delete from billing_audit where tenant_id = @Tenant and sequence = 8"));

        // The newest stays however old it is, so that the next one has something to be chained to.
        (await Store.LetGoAsync(_tenant, Source.At + Duration.FromDays(99), 100, Token)).ShouldBe(3);
        await Store.AppendAsync(_tenant, Source, Change("next"), Token);
        verified = await new AuditTrail(Store).VerifyAsync(_tenant, Token);
        (verified.Intact, verified.Entries).ShouldBe((true, 11));
    }

    [Fact]
    public async Task A_change_and_its_entry_are_stored_together_or_not_at_all()
    {
        var store = fixture.Get<IStore<Customer>>();
        var customer = new Customer { Tenant = _tenant, Name = "Acme", Currency = Currency.Parse("USD"), ExternalId = "acme" };
        AuditSource.Current = Source;
        (await store.SaveAsync(_tenant, [customer], [new BillingEvent("customer.created", customer.Id.ToString(), Source.At)], Token)).ShouldBe(SaveResult.Saved);
        (await store.SaveAsync(_tenant, [customer with { Name = "Twin" }], [], Token)).ShouldBe(SaveResult.Conflict);
        (await store.SaveAsync(_tenant, [customer.WithVersion(1) with { Name = "Acme & Sons" }], [], Token)).ShouldBe(SaveResult.Saved);
        (await store.SaveAsync(_tenant, [customer.WithVersion(1) with { Name = "Late" }], [], Token)).ShouldBe(SaveResult.Conflict);
        AuditSource.Current = null;
        (await store.SaveAsync(_tenant, [customer.WithVersion(2) with { Name = "Worker" }], [], Token)).ShouldBe(SaveResult.Saved);

        var entries = (await Store.ListAsync(_tenant, new AuditQuery { Object = customer.Id.ToString() }, Token)).Items;
        entries.Select(entry => entry.Action).ShouldBe(["customer.updated", "customer.created"]);
        entries[0].Before!.Value.GetRawText().ShouldBe("""{"name":"Acme"}""");
        entries[0].After!.Value.GetProperty("name").GetString().ShouldBe("Acme & Sons");
        (entries[1].Actor, entries[1].RequestId, entries[1].Address, entries[1].At).ShouldBe((Source.Actor, Source.Request, Source.Address, Source.At));
    }

    [Fact]
    public async Task Entries_are_never_changed_or_deleted_and_whoever_does_so_is_found_out()
    {
        foreach (var number in Enumerable.Range(1, 5))
        {
            await Store.AppendAsync(_tenant, Source, Change($"thing-{number}"), Token);
        }

        await Should.ThrowAsync<DbException>(() => ExecuteAsync("update billing_audit set actor = 'x' where tenant_id = @Tenant"));
        await Should.ThrowAsync<DbException>(() => ExecuteAsync("delete from billing_audit where tenant_id = @Tenant"));
        (await BrokenAtAsync()).ShouldBeNull();

        await ExecuteAsync(DropTriggers);
        await ExecuteAsync("update billing_audit set body = replace(body, 'thing-3', 'thing-9') where tenant_id = @Tenant and sequence = 3");
        (await BrokenAtAsync()).ShouldBe(3);
        await ExecuteAsync("update billing_audit set body = replace(body, 'thing-9', 'thing-3') where tenant_id = @Tenant and sequence = 3");
        (await BrokenAtAsync()).ShouldBeNull();
        await ExecuteAsync("delete from billing_audit where tenant_id = @Tenant and sequence = 5");
        (await BrokenAtAsync()).ShouldBe(5);
        await ExecuteAsync("delete from billing_audit where tenant_id = @Tenant and sequence = 2");
        (await BrokenAtAsync()).ShouldBe(2);
        await ExecuteAsync(MakeTriggers);
    }

    private static AuditChange Change(string thing) => new("thing.changed", thing, null, JsonSerializer.SerializeToElement(new { thing }));

    private async Task<long?> BrokenAtAsync()
    {
        var verified = await new AuditTrail(Store).VerifyAsync(_tenant, Token);
        verified.Intact.ShouldBe(verified.BrokenAt is null);
        return verified.BrokenAt;
    }

    private Task ExecuteAsync(string sql) => fixture.Get<SqlDatabase>().WriteAsync(
        null,
        transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, new { Tenant = _tenant.ToString() }, transaction, cancellationToken: Token)), Token);
}
