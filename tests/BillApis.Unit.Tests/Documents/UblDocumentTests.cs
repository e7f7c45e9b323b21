using System.Text;
using BillApis.Invoicing;
using BillApis.Unit.Tests.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Documents;

public sealed class UblDocumentTests
{
    [Fact]
    public void Whatever_lines_coupons_credits_and_taxes_there_are_the_amounts_add_up() => SettlementProperties.Check(item =>
    {
        var invoice = item.Settle().Invoice.Issue(Bills.Now, 30) with { Number = 7 };
        var rules = new UblRules(UblDocument.Of(invoice, Parties.Of("en")));
        rules.Check();
        rules.Total("TaxInclusiveAmount").ShouldBe(invoice.Total.Amount);
        rules.Total("PayableAmount").ShouldBe(invoice.Total.Amount - invoice.Prepaid.Amount);
    });

    [Fact]
    public void A_credit_memo_adds_up_too() => SettlementProperties.Check(item =>
    {
        var settled = item.Settle().Invoice.Issue(Bills.Now, 30);
        var invoice = settled with { Number = 7, Lines = [.. settled.Lines.Select((line, i) => line with { Id = InvoiceCalculator.LineIdOf(settled.Id, Bills.Now, i) })] };
        var left = CreditableLines.Of(invoice, []);
        if (left.Left > Money.Zero(invoice.Currency))
        {
            var half = Money.FromMinorUnits((left.Left.MinorUnits + 1) / 2, invoice.Currency);
            var memo = Parties.Memo(invoice, left.Spread(half));
            var rules = new UblRules(UblDocument.Of(memo, invoice, Parties.Of("de")));
            rules.Check();
            rules.Total("PayableAmount").ShouldBe(half.Amount);
        }
    });

    [Fact]
    public void The_invoice_of_the_documentation_says_what_it_says_there()
    {
        // docs/invoicing.md: 223.45 of lines, 34.69 of coupons, 15.00 of credit, 19 % on 173.76, 50.00 paid in advance.
        var invoice = Parties.Documented();
        var rules = new UblRules(UblDocument.Of(invoice, Parties.Of("en")));
        rules.Check();
        (rules.Total("LineExtensionAmount"), rules.Total("AllowanceTotalAmount"), rules.Total("TaxExclusiveAmount"), rules.Total("TaxInclusiveAmount"), rules.Total("PrepaidAmount"), rules.Total("PayableAmount"))
            .ShouldBe((223.45m, 49.69m, 173.76m, 206.77m, 50m, 156.77m));
        var text = Encoding.UTF8.GetString(UblDocument.Of(invoice, Parties.Of("en")));
        text.ShouldContain("<cbc:ID>INV-000042</cbc:ID>");
        text.ShouldContain("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>");
        text.ShouldContain("<cbc:CompanyID>DE123456789</cbc:CompanyID>");
        text.ShouldContain("<cbc:DueDate>2026-03-03</cbc:DueDate>");
    }

    [Fact]
    public void A_draft_has_no_number_and_so_no_document()
    {
        var draft = Bills.Draft(Bills.Line(10));
        Should.Throw<BillingException>(() => UblDocument.Of(draft, Parties.Of("en"))).Code.ShouldBe(BillingErrorCode.Conflict);
    }
}
