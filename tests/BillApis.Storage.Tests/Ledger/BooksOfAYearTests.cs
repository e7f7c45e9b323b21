using System.Collections.Immutable;
using System.Globalization;
using BillApis.Invoicing;
using BillApis.Ledger;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>The example of docs/ledger.md, posted.</summary>
public sealed class BooksOfAYearTests(SqliteFixture fixture) : IClassFixture<SqliteFixture>
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();
    private readonly InvoiceId _year = EntityId.New<InvoiceId>();
    private readonly InvoiceId _february = EntityId.New<InvoiceId>();
    private readonly InvoiceId _june = EntityId.New<InvoiceId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_books_are_those_of_the_documentation()
    {
        var ledger = fixture.Get<ILedger>();
        foreach (var transfers in Year())
        {
            (await ledger.PostAsync(_tenant, transfers, Token)).ShouldAllBe(result => result == TransferResult.Created);
        }

        var trial = await fixture.Get<Books>().TrialBalanceAsync(_tenant, null, Token);
        var (_, debits, credits) = trial.Totals.Single();
        string[] lines = [.. trial.Lines.Select(line => Row(line.Account.Code, line.Debits, line.Credits)), Row("all", debits, credits)];
        var document = await File.ReadAllLinesAsync(Repository.PathOf("docs/ledger.md"), Token);
        document.SkipWhile(line => line is not "| account | debits | credits |").Skip(2).TakeWhile(line => line.Length > 0).ShouldBe(lines);
        document.SkipWhile(line => !line.StartsWith("| when", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.Length > 0).Select(line => line.Split('|').Select(cell => cell.Trim()).ToArray())
            .Select(cells => $"{cells[3]}/{cells[4]}/{cells[5]}")
            .ShouldBe(Year().SelectMany(transfers => transfers.GroupBy(transfer => (transfer.Debit, transfer.Credit))).Select(row => $"{Words(row.Key.Debit)}/{Words(row.Key.Credit)}/{Text(row.Sum(transfer => transfer.Amount))}"));
        string.Join('\n', document).ShouldContain($"makes {Text(Schedule.EarnedBy(At(2, 1)).MinorUnits)} in January and {Text((Schedule.Amount - Schedule.EarnedBy(At(12, 1))).MinorUnits)} in December");
        (await ledger.VerifyAsync(_tenant, Token)).ShouldBeEmpty();
    }

    private RevenueSchedule Schedule => new()
    {
        Id = EntityId.Derive<RevenueScheduleId>(At(1, 1), "year"), Tenant = _tenant, Customer = _customer, Invoice = _year, Line = EntityId.Derive<InvoiceLineId>(At(1, 1), "year"),
        Amount = Dollars(240m), Released = Dollars(0m), Period = new Interval(At(1, 1), NewYear), CreatedAt = At(1, 1),
    };

    private static Instant NewYear => Instant.FromUtc(2027, 1, 1, 0, 0);

    private IEnumerable<ImmutableArray<Transfer>> Year() =>
    [
        Postings.CreditBought(_tenant, EntityId.Derive<CreditEntryId>(At(1, 1), "bought"), Postings.External, _customer, Dollars(100m), At(1, 1)),
        Postings.InvoiceIssued(new InvoiceAmounts(_tenant, _year, _customer, Dollars(0m), Dollars(240m), Dollars(45.60m)), At(1, 1)),
        Postings.PaymentReceived(_tenant, EntityId.Derive<PaymentId>(At(1, 2), "year"), Postings.External, _customer, Dollars(285.60m), At(1, 2)),
        Postings.InvoiceIssued(new InvoiceAmounts(_tenant, _february, _customer, Dollars(80m), Dollars(0m), Dollars(15.20m)), At(2, 1)),
        Postings.CreditUsed(_tenant, _february, _customer, Dollars(95.20m), Dollars(0m), At(2, 1)),
        Postings.CreditMemoIssued(
            new CreditMemoAmounts(_tenant, EntityId.Derive<CreditMemoId>(At(3, 1), "memo"), _customer, Dollars(20m), Dollars(0m), Dollars(3.80m), Dollars(23.80m), Dollars(0m)), At(3, 1)),
        Postings.InvoiceIssued(new InvoiceAmounts(_tenant, _june, _customer, Dollars(50m), Dollars(0m), Dollars(9.50m)), At(6, 1)),
        Postings.PaymentReceived(_tenant, EntityId.Derive<PaymentId>(At(7, 1), "june"), Postings.External, _customer, Dollars(9.50m), At(7, 1)),
        Postings.InvoiceWrittenOff(_tenant, _june, _customer, Dollars(50m), At(10, 1)),
        Postings.CreditExpired(_tenant, EntityId.Derive<CreditEntryId>(At(12, 31), "expired"), _customer, Dollars(28.60m), At(12, 31)),
        RevenueRelease.PostingOf(Schedule, Schedule.ReleaseUntil(NewYear).Moves),
    ];

    private static string Words(Account account) => ChartOfAccounts.NameOf(account.Kind).Replace('_', ' ');

    private static string Row(string account, long debits, long credits) => $"| {account} | {Text(debits)} | {Text(credits)} |";

    private static string Text(long cents) => (cents / 100m).ToString("0.00", CultureInfo.InvariantCulture);

    private static Money Dollars(decimal amount) => Money.Of(amount, Usd);

    private static Instant At(int month, int day) => Instant.FromUtc(2026, month, day, 0, 0);
}
