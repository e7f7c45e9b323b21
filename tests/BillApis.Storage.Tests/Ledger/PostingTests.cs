using BillApis.Conformance;
using BillApis.Ledger;
using BillApis.Outbox;
using NodaTime;

namespace BillApis.Storage.Tests.Ledger;

/// <summary>From the event that was stored with an invoice to the books that show it.</summary>
public abstract class PostingTests(StoreFixture fixture)
{
    private static readonly Currency Usd = Currency.Parse("USD");
    private static readonly Instant At = Instant.FromUtc(2026, 2, 1, 0, 0);

    private readonly TenantId _tenant = EntityId.New<TenantId>();
    private readonly CustomerId _customer = EntityId.New<CustomerId>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Books Books => fixture.Get<Books>();

    [Fact]
    public async Task Postings_are_carried_out_once_however_often_they_are_tried()
    {
        var (invoice, payment) = (Invoice(EntityId.New<InvoiceId>()), EntityId.New<PaymentId>());
        var issued = LedgerPosting.Of(Postings.InvoiceIssued(invoice, At), "inv", At)!;
        var paid = LedgerPosting.Of(Postings.PaymentReceived(_tenant, payment, Postings.External, _customer, Money.Of(50m, Usd), At + Duration.FromDays(1)), "inv", At)!;
        var other = Invoice(EntityId.New<InvoiceId>());
        var canceled = new[] { Postings.InvoiceIssued(other, At), Postings.InvoiceCanceled(other, At) }.Select(transfers => LedgerPosting.Of(transfers, "inv", At)!);

        await HandleAsync([issued, paid]);
        await HandleAsync([issued, .. canceled, paid]);

        var trial = await Books.TrialBalanceAsync(_tenant, null, Token);
        trial.Lines.Select(line => $"{line.Account} {line.Debits} {line.Credits}").ShouldBe([
            "clearing/USD/2/external 5000 0",
            "deferred_revenue/USD/2 2000 4000",
            "receivable/USD/2 23800 16900",
            "revenue/USD/2 8000 16000",
            "tax_payable/USD/2 1900 3800",
        ]);
        trial.Totals.ShouldBe([(new Asset("USD", 2), 40_700, 40_700)]);
        (await Books.TrialBalanceAsync(_tenant, At - Duration.Epsilon, Token)).Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_account_shows_what_moved_it_by_id_and_by_code()
    {
        var invoice = Invoice(EntityId.New<InvoiceId>());
        await HandleAsync([LedgerPosting.Of(Postings.InvoiceIssued(invoice, At), "inv", At)!]);

        var account = (await Books.ListAccountsAsync(_tenant, new StoreQuery().With("owner", _customer.ToString()), Token)).Items.ShouldHaveSingleItem().Account;
        var byCode = await Books.ListEntriesAsync(_tenant, account.Code, new StoreQuery(), Token);
        byCode.Items.ShouldBe((await Books.ListEntriesAsync(_tenant, account.IdIn(_tenant).ToString(), new StoreQuery(), Token)).Items);
        byCode.Items.Select(entry => $"{entry.Side} {entry.Counterpart} {entry.Transfer.Amount} {entry.Transfer.Cause}").ShouldBe(
            [$"Debit revenue/USD/2 8000 {invoice.Invoice}", $"Debit deferred_revenue/USD/2 2000 {invoice.Invoice}", $"Debit tax_payable/USD/2 1900 {invoice.Invoice}"],
            ignoreOrder: true);
    }

    [Theory]
    [InlineData("acc_0000000000egnbyxmdq39pcstb")]
    [InlineData("revenue/USD/2")]
    [InlineData("nonsense")]
    public async Task An_account_that_nothing_moved_is_not_there(string reference) =>
        (await Should.ThrowAsync<BillingException>(() => Books.ListEntriesAsync(_tenant, reference, new StoreQuery(), Token))).Code.ShouldBe(BillingErrorCode.NotFound);

    [Fact]
    public async Task An_unknown_kind_of_account_is_refused() =>
        (await Should.ThrowAsync<BillingException>(() => Books.ListAccountsAsync(_tenant, new StoreQuery().With("kind", "cash"), Token))).Message.ShouldContain("receivable, clearing, revenue");

    [Fact]
    public async Task A_posting_that_contradicts_an_earlier_one_is_an_error_that_names_it_and_holds_up_no_other()
    {
        var (invoice, other) = (Invoice(EntityId.New<InvoiceId>()), Invoice(EntityId.New<InvoiceId>()));
        await HandleAsync([LedgerPosting.Of(Postings.InvoiceIssued(invoice, At), "inv", At)!]);

        var contradiction = LedgerPosting.Of(Postings.InvoiceIssued(invoice with { Tax = Money.Of(1m, Usd) }, At), "inv", At)!;
        var error = await Should.ThrowAsync<InvalidOperationException>(() => HandleAsync([contradiction, LedgerPosting.Of(Postings.InvoiceIssued(other, At), "inv", At)!]));
        error.Message.ShouldContain(invoice.Invoice.ToString());
        (await Books.TrialBalanceAsync(_tenant, null, Token)).Totals.ShouldBe([(new Asset("USD", 2), 23_800, 23_800)]);
    }

    private InvoiceAmounts Invoice(InvoiceId id) => new(_tenant, id, _customer, Money.Of(80m, Usd), Money.Of(20m, Usd), Money.Of(19m, Usd));

    private Task HandleAsync(BillingEvent[] events) =>
        fixture.Get<IEnumerable<OutboxHandler>>().Single(handler => handler.Type == LedgerPosting.Type).HandleAsync(_tenant, events, Token);
}
