using BillApis.Ledger;
using BillApis.Storage;
using BillApis.Storage.Sql;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>A ledger that was filled before it knew pending amounts and days: the upgrade makes the days from its transfers.</summary>
public sealed class LedgerUpgradeTests
{
    private const long TwoSteps = 90;
    private static readonly Asset Usd = new("USD", 2);
    private static readonly Account Owed = new(AccountKind.Receivable, Usd, "cus_a");
    private static readonly Account Earned = new(AccountKind.Revenue, Usd);
    private static readonly Instant Midnight = Instant.FromUtc(2026, 3, 1, 0, 0);
    private static readonly Instant BeforeTime = Instant.FromUtc(1969, 12, 31, 23, 59);

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_PostgreSQL()
    {
        var database = await PostgresServer.NewDatabaseAsync();
        await UpgradeAsync(billing => billing.UsePostgres(database));
    }

    [Fact]
    public async Task On_SQLite()
    {
        var folder = Directory.CreateTempSubdirectory("billapis-upgrade-");
        await UpgradeAsync(billing => billing.UseSqlite($"Data Source={Path.Combine(folder.FullName, "old.db")}"));
        folder.Delete(recursive: true);
    }

    private async Task UpgradeAsync(Action<BillingBuilder> use)
    {
        await using var provider = new ServiceCollection().AddBilling(use).BuildServiceProvider();
        await FillAsync(provider.GetRequiredService<SqlDatabase>());
        await provider.GetRequiredService<IMigrator>().MigrateAsync(Token);

        var ledger = provider.GetRequiredService<ILedger>();
        (await ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        (await ledger.TrialBalanceAsync(_tenant, null, Token)).ShouldBe([new Balance(Owed.Control, 1_111, 0), new Balance(Earned, 0, 1_111)]);
        (await ledger.TrialBalanceAsync(_tenant, BeforeTime, Token)).ShouldBe([new Balance(Owed.Control, 1, 0), new Balance(Earned, 0, 1)]);
        (await ledger.TrialBalanceAsync(_tenant, Midnight - Duration.FromNanoseconds(1_000), Token)).ShouldBe([new Balance(Owed.Control, 11, 0), new Balance(Earned, 0, 11)]);
        (await ledger.BalancesAsync(_tenant, [Earned.IdIn(_tenant), Owed.IdIn(_tenant)], Midnight, Token)).ShouldBe([new Balance(Owed, 111, 0), new Balance(Earned, 0, 111)]);
    }

    // As the version before the change left it.
    private Task<int> FillAsync(SqlDatabase database) => database.WriteAsync(
        null,
        async transaction =>
        {
            var connection = transaction.Connection!;
            await connection.MigrateBelowAsync(database.Dialect.Name, TwoSteps, transaction);

            foreach (var (account, debits, credits) in new[] { (Owed, 1_111, 0), (Earned, 0, 1_111) })
            {
                await connection.ExecuteAsync(
                    "insert into billing_account (tenant_id, id, code, kind, asset, owner, control, debits, credits) values (@Tenant, @Id, @Code, @Kind, 'USD/2', @Owner, @Control, @debits, @credits)",
                    new { Tenant = _tenant.ToString(), Id = account.IdIn(_tenant).ToString(), account.Code, Kind = ChartOfAccounts.NameOf(account.Kind), account.Owner, Control = account.Control.Code, debits, credits },
                    transaction);
            }

            foreach (var (amount, at) in new[] { (1, BeforeTime), (10, Midnight - Duration.FromNanoseconds(1_000)), (100, Midnight), (1_000, Midnight + Duration.FromNanoseconds(1_000)) })
            {
                await connection.ExecuteAsync(
                    "insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause) values (@Tenant, @Id, @Debit, @Credit, 'USD/2', @amount, @At, 1, 'inv_a')",
                    new { Tenant = _tenant.ToString(), Id = EntityId.New<TransferId>().ToString(), Debit = Owed.IdIn(_tenant).ToString(), Credit = Earned.IdIn(_tenant).ToString(), amount, At = at.ToMicroseconds() },
                    transaction);
            }

            return 0;
        },
        Token);
}
