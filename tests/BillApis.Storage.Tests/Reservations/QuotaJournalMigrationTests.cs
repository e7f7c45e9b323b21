using BillApis.Sqlite;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Reservations;

/// <summary>What the journal of before the slots said of quotas and reservations is in their rows afterwards.</summary>
public sealed class QuotaJournalMigrationTests : IDisposable
{
    private readonly string _path = SqliteFile.NewPath();

    [Fact]
    public async Task What_the_old_journal_says_is_carried_into_the_rows()
    {
        var token = TestContext.Current.CancellationToken;
        var (tenant, customer) = (EntityId.New<TenantId>(), EntityId.New<CustomerId>());
        var (stored, ended, open) = (EntityId.New<ReservationId>(), EntityId.New<ReservationId>(), EntityId.New<ReservationId>());
        var expiry = Instant.FromUtc(2100, 1, 1, 0, 0).ToMicroseconds();
        await using (var connection = new SqliteConnection($"Data Source={_path};Pooling=False"))
        {
            await connection.OpenAsync(token);
            SqliteDecimals.Register(connection);
            SqliteUsageFunctions.Register(connection);
            await connection.MigrateBelowAsync("sqlite", 250);

            await connection.ExecuteAsync(
                $"""
                insert into billing_quota (tenant_id, customer_id, subject, starts_at, used, reserved, next_expiry) values
                    ('{tenant}', '{customer}', 'spend/USD', 0, '0', '5', {expiry}), ('{tenant}', '{customer}', 'spend/USD/sub', 0, '0', '0', null);
                insert into billing_reservation (tenant_id, id, customer_id, subject, starts_at, quantity, quota_limit, state, expires_at) values ('{tenant}', '{stored}', '{customer}', 'spend/USD', 0, '5', '100', 'open', {expiry});
                insert into billing_quota_journal (tenant_id, added, changed, moved) values
                    ('{tenant}', '[["{ended}","{customer}","spend/USD",0,"7.5","100","open",null,{expiry},"spend/USD/sub",null]]', '[]',
                        '[["{customer}","spend/USD",0,"0","12.5",{expiry}],["{customer}","spend/USD/sub",0,"0","7.5",null]]'),
                    ('{tenant}', '[["{open}","{customer}","spend/USD",0,"1","100","open",null,{expiry},null,null]]', '[["{ended}","committed","7"],["{stored}","released",null]]',
                        '[["{customer}","spend/USD",0,"7","1",{expiry}],["{customer}","spend/USD/sub",0,"7","0",null]]');
                """);
        }

        await using var node = new ServiceCollection().AddBilling(billing => billing.UseSqlite($"Data Source={_path}")).BuildServiceProvider();
        await node.GetRequiredService<Billing>().MigrateAsync(token);
        var store = node.GetRequiredService<IReservationStore>();
        (await store.CountAsync(tenant, new QuotaKey(customer, "spend/USD", Instant.FromUnixTimeSeconds(0)), token)).ShouldBe(new QuotaCount(7, 1));
        (await store.CountAsync(tenant, new QuotaKey(customer, "spend/USD/sub", Instant.FromUnixTimeSeconds(0)), token)).ShouldBe(new QuotaCount(7, 0));
        var found = await store.FindAsync(tenant, ended, token);
        (found!.State, found.Quantity, found.Actual, found.Limit, found.Also).ShouldBe((ReservationState.Committed, 7.5m, 7m, 100m, new QuotaShare("spend/USD/sub", null)));
        (await store.FindAsync(tenant, stored, token))!.State.ShouldBe(ReservationState.Released);
        (await store.SettleAsync(tenant, open, 0.5m, token)).Result.ShouldBe(SettleResult.Settled);
        (await store.CountAsync(tenant, new QuotaKey(customer, "spend/USD", Instant.FromUnixTimeSeconds(0)), token)).ShouldBe(new QuotaCount(7.5m, 0));
    }

    public void Dispose()
    {
        SqliteFile.Delete(_path);
    }
}
