using System.Data.Common;
using BillApis.Conformance;
using BillApis.Ledger;
using BillApis.Storage.Sql;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>What only a ledger in SQL can promise: balances that its transfers prove, and a database that refuses nonsense by itself.</summary>
public abstract class BalanceTests(StoreFixture fixture)
{
    private static readonly Asset Usd = new("USD", 2);
    private static readonly Account[] Accounts = [new(AccountKind.Revenue, Usd), new(AccountKind.Receivable, Usd, "cus_a"), new(AccountKind.Receivable, Usd, "cus_b")];

    private readonly TenantId _tenant = EntityId.New<TenantId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ILedger Ledger => fixture.Get<ILedger>();

    [Fact]
    public async Task A_wrong_balance_is_found_and_made_anew_from_the_transfers()
    {
        await Ledger.PostAsync(_tenant, [.. Enumerable.Range(1, 20).Select(New)], Token);
        var right = await Ledger.TrialBalanceAsync(_tenant, null, Token);
        (await Ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();

        await ExecuteAsync("update billing_account set debits = debits + 1 where tenant_id = @Tenant and code = 'receivable/USD/2/cus_a'");
        await ExecuteAsync("update billing_account set credits = 0 where tenant_id = @Tenant and code = 'revenue/USD/2'");
        await ExecuteAsync("update billing_account set debits_pending = 7, closed = 1 where tenant_id = @Tenant and code = 'receivable/USD/2/cus_b'");
        await ExecuteAsync("delete from billing_account_day where tenant_id = @Tenant and control = 'revenue/USD/2'");
        (await Ledger.VerifyAsync(_tenant, Token)).Select(difference => difference.Kept.Account.Code)
            .ShouldBe(["receivable/USD/2/cus_a", "receivable/USD/2/cus_b", "revenue/USD/2", "revenue/USD/2"]);

        await Ledger.RebuildAsync(_tenant, Token);
        (await Ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
        (await Ledger.TrialBalanceAsync(_tenant, null, Token)).ShouldBe(right);
        (await Ledger.TrialBalanceAsync(_tenant, Instant.FromUnixTimeSeconds(100_000), Token)).ShouldBe(right);
    }

    [Fact]
    public async Task A_rebuild_beside_writers_loses_nothing()
    {
        var writing = Task.WhenAll(Enumerable.Range(0, 4).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
            {
                await Ledger.PostAsync(_tenant, [New((caller * 100) + i), New((caller * 100) + i + 50)], Token);
            }
        }, Token)));
        while (!writing.IsCompleted)
        {
            await Ledger.RebuildAsync(_tenant, Token);
        }

        await writing;
        (await Ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause) values (@Tenant, 'trf_x', 'acc_a', 'acc_b', 'USD/2', 0, 0, 1, '')")]
    [InlineData("insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause) values (@Tenant, 'trf_x', 'acc_a', 'acc_a', 'USD/2', 1, 0, 1, '')")]
    [InlineData("insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause, step) values (@Tenant, 'trf_x', 'acc_a', 'acc_b', 'USD/2', 1, 0, 1, '', 2)")]
    [InlineData("insert into billing_transfer (tenant_id, id, debit_id, credit_id, asset, amount, at, kind, cause, step, pending_id) values (@Tenant, 'trf_x', 'acc_a', 'acc_b', 'USD/2', 1, 0, 1, '', 2, 'trf_p'), (@Tenant, 'trf_y', 'acc_a', 'acc_b', 'USD/2', 1, 0, 1, '', 3, 'trf_p')")]
    [InlineData("update billing_account set debits_pending = -1 where tenant_id = @Tenant")]
    [InlineData("update billing_account set balance_limit = 1, debits = credits + 1 where tenant_id = @Tenant")]
    [InlineData("update billing_account set balance_limit = 2, credits_pending = debits + 1 where tenant_id = @Tenant")]
    [InlineData("update billing_account set debits = -1 where tenant_id = @Tenant")]
    [InlineData("update billing_account set credits = credits + 9223372036854775807 where tenant_id = @Tenant")]
    [InlineData("update billing_transfer set amount = 1 where tenant_id = @Tenant")]
    [InlineData("delete from billing_transfer where tenant_id = @Tenant")]
    public async Task The_database_itself_refuses(string sql)
    {
        await Ledger.PostAsync(_tenant, [New(1), New(2), New(3)], Token);
        await Should.ThrowAsync<DbException>(() => ExecuteAsync(sql));
        (await Ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_balance_that_would_not_fit_is_refused_and_the_books_stay()
    {
        var most = New(1) with { Amount = long.MaxValue };
        (await Ledger.PostAsync(_tenant, [most, New(1), New(2) with { Linked = true }, New(1)], Token))
            .ShouldBe([TransferResult.Created, TransferResult.Overflows, TransferResult.LinkedFailed, TransferResult.Overflows]);
        (await Ledger.PostAsync(_tenant, [New(1)], Token)).ShouldBe([TransferResult.Overflows]);
        (await Ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
    }

    private Task<int> ExecuteAsync(string sql) =>
        fixture.Get<SqlDatabase>().WriteAsync(null, transaction => transaction.Connection!.ExecuteAsync(sql, new { Tenant = _tenant.ToString() }, transaction), Token);

    private static Transfer New(int amount) => new()
    {
        Id = EntityId.New<TransferId>(),
        Debit = Accounts[amount % 3],
        Credit = Accounts[(amount + 1) % 3],
        Amount = 1 + amount,
        At = Instant.FromUnixTimeSeconds(amount),
        Kind = TransferKind.InvoiceIssued,
        Cause = "inv_a",
    };
}
