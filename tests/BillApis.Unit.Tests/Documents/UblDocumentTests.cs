using System.Text;
using BillApis.Invoicing;
using BillApis.Unit.Tests.Invoicing;
using NodaTime;

namespace BillApis.Unit.Tests.Documents;

public sealed class UblDocumentTests
{
    private const string Category = "TaxTotal1/TaxSubtotal1/TaxCategory1/";

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

    [Fact]
    public void Reverse_charge_names_both_VAT_numbers_as_they_are_registered_and_why_there_is_no_tax()
    {
        var rules = Rules(Taxed(Bills.Vat(20, treatment: TaxTreatment.ReverseCharge), 80, -30), customer => customer with { TaxId = "atu 123.456-78" });
        (rules.Total("TaxExclusiveAmount"), rules.Total("TaxInclusiveAmount")).ShouldBe((50m, 50m));
        rules.Texts(Category + "ID1").ShouldBe(["AE"]);
        rules.Texts(Category + "TaxExemptionReasonCode1").ShouldBe(["VATEX-EU-AE"]);
        rules.Numbers("AccountingSupplierParty1/Party1", "VAT").ShouldBe(["DE123456789"]);
        rules.Numbers("AccountingCustomerParty1/Party1", "VAT").ShouldBe(["ATU12345678"]);
    }

    [Fact]
    public void An_exempt_customer_is_category_E_with_a_reason()
    {
        var rules = Rules(Taxed(Bills.Vat(20, treatment: TaxTreatment.Exempt), 80));
        rules.Texts(Category + "ID1").ShouldBe(["E"]);
        rules.Texts(Category + "TaxExemptionReason1").ShouldBe(["Exempt"]);
        rules.Total("PayableAmount").ShouldBe(80);
    }

    [Fact]
    public void Prices_with_the_tax_inside_are_told_without_it_on_invoice_and_credit_memo()
    {
        // 119.00 with 19 % inside are 100.00 and 19.00; half of it back is 50.00 and 9.50.
        var invoice = Taxed(Bills.Vat(19, inclusive: true), 119);
        var rules = Rules(invoice);
        (rules.Total("LineExtensionAmount"), rules.Total("TaxExclusiveAmount"), rules.Total("TaxInclusiveAmount")).ShouldBe((100m, 100m, 119m));
        var memo = new UblRules(UblDocument.Of(Parties.Memo(invoice, CreditableLines.Of(invoice, []).Spread(Bills.Dollars(59.50m))), invoice, Parties.Of("en")));
        memo.Check();
        (memo.Total("LineExtensionAmount"), memo.Total("TaxInclusiveAmount"), memo.Total("PayableAmount")).ShouldBe((50m, 59.50m, 59.50m));
        memo.Texts("PaymentTerms1/Note1").ShouldBe(["Invoice number: INV-000007"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(19)]
    public void An_invoice_over_nothing_is_a_document_too(int rate)
    {
        var invoice = Taxed(Bills.Vat(rate), 0);
        var rules = Rules(invoice with { Lines = [invoice.Lines[0] with { Quantity = 0 }] });
        rules.Texts(Category + "ID1").ShouldBe([rate > 0 ? "S" : "Z"]);
        rules.Texts("InvoiceLine1/InvoicedQuantity1").ShouldBe(["0"]);
        rules.Total("PayableAmount").ShouldBe(0);
    }

    [Fact]
    public void A_tax_number_that_is_no_VAT_number_is_the_sellers_registration_and_the_buyers_company()
    {
        var rules = Rules(Taxed(Bills.Vat(18, name: "GST"), 100), customer => customer with { Country = "IN", Address = null, TaxId = "27AAPFU0939F1ZV" }, seller => seller with { TaxId = "12/345/67890" });
        rules.Numbers("AccountingSupplierParty1/Party1", "TAX").ShouldBe(["12/345/67890"]);
        rules.Numbers("AccountingCustomerParty1/Party1", "VAT").ShouldBeEmpty();
        rules.Texts("AccountingCustomerParty1/Party1/PartyLegalEntity1/CompanyID1").ShouldBe(["27AAPFU0939F1ZV"]);
    }

    [Fact]
    public void The_country_of_a_seller_follows_from_its_VAT_number_where_it_is_not_told()
    {
        var rules = Rules(Taxed(Bills.Vat(20), 100), seller: seller => seller with { Country = null, Address = null });
        rules.Texts("AccountingSupplierParty1/Party1/PostalAddress1/Country1/IdentificationCode1").ShouldBe(["DE"]);
        rules.Numbers("AccountingSupplierParty1/Party1", "VAT").ShouldBe(["DE123456789"]);
    }

    [Fact]
    public void Without_any_tax_nothing_is_subject_to_VAT_and_no_number_of_it_is_named()
    {
        var rules = Rules(Taxed(null, 100));
        rules.Texts(Category + "ID1").ShouldBe(["O"]);
        rules.Numbers("AccountingSupplierParty1/Party1", "VAT").ShouldBeEmpty();
        rules.Texts("AccountingSupplierParty1/Party1/PartyIdentification1/ID1").ShouldBe(["DE123456789"]);
    }

    private static Invoice Taxed(Tax? tax, params decimal[] amounts)
    {
        var draft = Bills.Draft([.. amounts.Select(amount => Bills.Line(amount))]);
        var issued = InvoiceSettlement.Settle(draft, [], tax is null ? TaxDecision.None : Bills.On(draft, tax), Bills.Now).Invoice.Issue(Bills.Now, 30) with { Number = 7 };
        return issued with { Lines = [.. issued.Lines.Select((line, i) => line with { Id = InvoiceCalculator.LineIdOf(issued.Id, Bills.Now, i) })] };
    }

    private static UblRules Rules(Invoice invoice, Func<InvoiceParty, InvoiceParty>? customer = null, Func<InvoiceParty, InvoiceParty>? seller = null)
    {
        var parties = Parties.Of("en");
        var rules = new UblRules(UblDocument.Of(invoice, parties with { Customer = (customer ?? (item => item))(parties.Customer), Seller = (seller ?? (item => item))(parties.Seller) }));
        rules.Check();
        return rules;
    }
}
