using BillApis.Invoicing;
using BillApis.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>
/// Whatever happens in whatever order (usage, runs, invoices, payments, memos, refunds, grants, expiry, write-offs, withdrawals, endings, days that pass): after each
/// operation the books balance and say what invoices, memos, grants and usage say, and a rebuild from nothing gives the same.
/// </summary>
public abstract class BooksTests(Action<BillingBuilder> storage)
{
    private const int Operations = 120;

    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("BILLAPIS_BOOKS_SEED"), out var seed) ? seed : 20261129;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_any_operation_the_books_agree_with_everything_else()
    {
        await using var world = new BooksWorld(storage, Seed);
        await world.OpenAsync();
        var (done, refused) = (new HashSet<string>(), 0);
        for (var i = 1; i <= Operations; i++)
        {
            var name = "refused";
            try
            {
                done.Add(name = await world.OperateAsync());
            }
            catch (BillingException refusal) when (refusal.Code is BillingErrorCode.Conflict)
            {
                refused++;
            }

            await ShouldAgreeAsync(world, $"operation {i} ({name}), seed {Seed}");
            if (i % 30 == 0)
            {
                var before = (await world.Billing.Books.TrialBalanceAsync(world.Tenant, null, Stop)).Lines;
                (await world.Billing.Books.VerifyAsync(world.Tenant, Stop)).ShouldBeEmpty($"operation {i}, seed {Seed}");
                await world.Billing.Books.RebuildAsync(world.Tenant, Stop);
                (await world.Billing.Books.TrialBalanceAsync(world.Tenant, null, Stop)).Lines.ShouldBe(before, $"rebuilt after operation {i}, seed {Seed}");
            }
        }

        done.Count.ShouldBeGreaterThanOrEqualTo(12, $"seed {Seed}: {string.Join(", ", done)}");
        refused.ShouldBeLessThan(Operations / 4, "too few operations did anything");
    }

    private static async Task ShouldAgreeAsync(BooksWorld world, string where)
    {
        var invoices = (await world.InvoicesAsync()).Where(invoice => invoice.Status is not (InvoiceStatus.Draft or InvoiceStatus.Canceled)).ToList();
        var memos = (await world.MemosAsync()).Where(memo => memo.Status is CreditMemoStatus.Issued).ToList();
        var grants = await world.GrantsAsync();
        var paid = grants.Where(grant => grant.Category is CreditCategory.Paid).ToDictionary(grant => grant.Id);
        var expired = (await world.EntriesAsync()).Where(entry => entry.Kind is CreditEntryKind.Expired && paid.ContainsKey(entry.Grant)).Sum(entry => -entry.Amount.Amount);
        var trial = await world.Billing.Books.TrialBalanceAsync(world.Tenant, null, Stop);
        decimal Net(AccountKind kind) => trial.Lines.Where(line => line.Account.Kind == kind).Sum(line => line.Account.Asset.ToMajorUnits(line.Net));

        trial.Totals.ShouldAllBe(total => total.Debits == total.Credits, where);
        Net(AccountKind.Receivable).ShouldBe(invoices.Sum(invoice => invoice.Due.Amount), where);
        Net(AccountKind.CustomerCredit).ShouldBe(paid.Values.Sum(grant => grant.Balance.Amount), where);
        (Net(AccountKind.DeferredRevenue) + Net(AccountKind.Revenue)).ShouldBe(
            invoices.Sum(invoice => invoice.Subtotal.Amount) - memos.Sum(memo => memo.Total.Amount - memo.TaxTotal.Amount) + expired, where);
        Net(AccountKind.TaxPayable).ShouldBe(invoices.Sum(invoice => invoice.TaxTotal.Amount) - memos.Sum(memo => memo.TaxTotal.Amount), where);
        Net(AccountKind.RefundsPayable).ShouldBe(memos.Where(memo => memo.Refund && memo.RefundPaidAt is null).Sum(memo => memo.Returned.Amount), where);
        Net(AccountKind.Clearing).ShouldBe(world.Received, where);
        await ShouldSpendAsync(world, where);
    }

    // Every unit has the same price, whichever period it falls into.
    private static async Task ShouldSpendAsync(BooksWorld world, string where)
    {
        var spend = (await world.Billing.Books.ListAccountsAsync(world.Tenant, new StoreQuery { Limit = Limits.PageSize }.With("kind", "spend"), Stop)).Items;
        decimal Of(string prefix) => spend.Where(line => line.Account.Owner!.StartsWith(prefix, StringComparison.Ordinal)).Sum(line => line.Account.Asset.ToMajorUnits(line.Debits - line.Credits));
        Of("sub_").ShouldBe(world.Used * BooksWorld.CallPrice, where);
        Of("cus_").ShouldBe(-world.Used * BooksWorld.CallPrice, where);
    }
}

public sealed class SqliteBooksTests() : BooksTests(builder => builder.UseSqlite($"Data Source={SqliteFile.NewPath()}"));

public sealed class PostgresBooksTests(PostgresFixture fixture) : BooksTests(builder => builder.UsePostgres(fixture.Connection)), IClassFixture<PostgresFixture>;
