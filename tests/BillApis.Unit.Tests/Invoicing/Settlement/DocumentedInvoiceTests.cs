using BillApis.Invoicing;
using BillApis.Ledger;
using static BillApis.Unit.Tests.Invoicing.Bills;

namespace BillApis.Unit.Tests.Invoicing;

/// <summary>The invoice of docs/invoicing.md, number by number.</summary>
public sealed class DocumentedInvoiceTests
{
    private static readonly string Text = File.ReadAllText(Repository.PathOf("docs/invoicing.md"));
    private static readonly ProductId Api = EntityId.New<ProductId>();
    private static readonly CouponTerms Everything = new() { AmountOff = Dollars(10) };
    private static readonly CouponTerms OfApi = new() { PercentOff = 20, Products = [Api] };

    [Fact]
    public void The_table_is_what_the_calculation_gives()
    {
        var bare = Draft(Line(100) with { InAdvance = true }, Line(123.45m, Api));
        var first = CouponDiscounts.Apply(bare, [Redeemed(OfApi, day: 2)]);
        var second = CouponDiscounts.Apply(bare, [Redeemed(Everything, day: 1), Redeemed(OfApi, day: 2)]);
        var invoice = InvoiceSettlement.Settle(second, [Grant(15, CreditCategory.Promotional), Grant(50)], On(bare, Vat(19)), Now).Invoice;

        Row("line").ShouldBe([.. bare.Lines.Select(line => line.Amount.Amount), invoice.Subtotal.Amount]);
        Row("coupon for the API, 20 %").ShouldBe([.. Cents(first.Lines.Select(line => -line.Discount)), -invoice.Discounts[0].Amount.Amount]);
        Row("coupon for everything, 10.00").ShouldBe([.. second.Lines.Zip(first.Lines, (both, one) => (one.Discount?.Amount ?? 0) - both.Discount!.Value.Amount), -invoice.Discounts[1].Amount.Amount]);
        Row("promotional credit").ShouldBe([.. Cents(invoice.Lines.Select(line => -line.Credit)), -invoice.CreditTotal.Amount]);
        Row("net").ShouldBe([.. invoice.Lines.Select(line => line.Net.Amount), invoice.TaxLines.Single().Base.Amount]);
        Row("VAT 19 %").ShouldBe([.. invoice.Lines.Select(line => line.Taxes.Single().Amount.Amount), invoice.TaxTotal.Amount]);
        Row("total").ShouldBe([invoice.Total.Amount]);
        Row("paid credit").ShouldBe([-invoice.Prepaid.Amount]);
        Row("due").ShouldBe([invoice.Due.Amount]);
    }

    [Fact]
    public void The_books_are_what_the_postings_give()
    {
        var bare = Draft(Line(100) with { InAdvance = true }, Line(123.45m, Api));
        var drafted = CouponDiscounts.Apply(bare, [Redeemed(Everything, day: 1), Redeemed(OfApi, day: 2)]);
        var invoice = InvoiceSettlement.Settle(drafted, [Grant(15, CreditCategory.Promotional), Grant(50)], On(bare, Vat(19)), Now).Invoice.Issue(Now, 30);

        var transfers = InvoicePosting.Issued(invoice, Now).Where(item => item.Type == LedgerPosting.Type).SelectMany(item => LedgerPosting.Read(item)).ToList();

        decimal Of(AccountKind kind) => transfers.Sum(transfer => (transfer.Debit.Kind == kind ? 1 : transfer.Credit.Kind == kind ? -1 : 0) * transfer.Amount / 100m);
        var receivable = transfers.Where(transfer => transfer.Kind is TransferKind.InvoiceIssued).Sum(transfer => transfer.Amount / 100m);
        var books = Sentence("In the books:");
        books.ShouldBe([-Of(AccountKind.DeferredRevenue), -Of(AccountKind.Revenue), -Of(AccountKind.TaxPayable), receivable, Of(AccountKind.PromotionalExpense), Of(AccountKind.CustomerCredit), Of(AccountKind.Receivable)]);
    }

    private static decimal[] Row(string name) => Numbers(Text.Split('\n').Single(line => line.StartsWith($"| {name} |", StringComparison.Ordinal))[(name.Length + 4)..]);

    private static decimal[] Sentence(string start) => Numbers(Text.Split('\n').Single(line => line.StartsWith(start, StringComparison.Ordinal)));

    private static decimal[] Numbers(string text) =>
        [.. System.Text.RegularExpressions.Regex.Matches(text.Replace('−', '-'), @"-?\d+\.\d\d").Select(match => decimal.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture))];
}
