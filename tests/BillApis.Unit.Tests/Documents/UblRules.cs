using System.Globalization;
using System.Xml;

namespace BillApis.Unit.Tests.Documents;

/// <summary>Reads a UBL document with the reader of XML alone, and holds it to the arithmetic of EN 16931 and the order of the schema.</summary>
internal sealed class UblRules
{
    private static readonly string[] InvoiceOrder = [
        "CustomizationID", "ProfileID", "ID", "IssueDate", "DueDate", "InvoiceTypeCode", "Note", "DocumentCurrencyCode", "BuyerReference", "InvoicePeriod", "OrderReference", "BillingReference",
        "AccountingSupplierParty", "AccountingCustomerParty", "PaymentTerms", "AllowanceCharge", "TaxTotal", "LegalMonetaryTotal", "InvoiceLine"];
    private static readonly string[] CreditNoteOrder = [
        "CustomizationID", "ProfileID", "ID", "IssueDate", "CreditNoteTypeCode", "Note", "DocumentCurrencyCode", "BuyerReference", "InvoicePeriod", "OrderReference", "BillingReference",
        "AccountingSupplierParty", "AccountingCustomerParty", "PaymentTerms", "AllowanceCharge", "TaxTotal", "LegalMonetaryTotal", "CreditNoteLine"];

    private static readonly Dictionary<string, string[]> Orders = new()
    {
        ["Invoice"] = InvoiceOrder,
        ["CreditNote"] = CreditNoteOrder,
        ["LegalMonetaryTotal"] = ["LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount", "PayableRoundingAmount", "PayableAmount"],
        ["InvoiceLine"] = ["ID", "Note", "InvoicedQuantity", "LineExtensionAmount", "InvoicePeriod", "DocumentReference", "AllowanceCharge", "Item", "Price"],
        ["CreditNoteLine"] = ["ID", "Note", "CreditedQuantity", "LineExtensionAmount", "InvoicePeriod", "DocumentReference", "AllowanceCharge", "Item", "Price"],
        ["TaxTotal"] = ["TaxAmount", "TaxSubtotal"],
        ["TaxSubtotal"] = ["TaxableAmount", "TaxAmount", "TaxCategory"],
        ["TaxCategory"] = ["ID", "Percent", "TaxExemptionReasonCode", "TaxExemptionReason", "TaxScheme"],
        ["Party"] = ["EndpointID", "PartyIdentification", "PartyName", "PostalAddress", "PartyTaxScheme", "PartyLegalEntity", "Contact"],
        ["AllowanceCharge"] = ["ChargeIndicator", "AllowanceChargeReasonCode", "AllowanceChargeReason", "MultiplierFactorNumeric", "Amount", "BaseAmount", "TaxCategory"],
    };

    private readonly ILookup<string, string> _byPath;

    public UblRules(byte[] xml)
    {
        using var reader = XmlReader.Create(new MemoryStream(xml));
        var (path, children, values) = (new Stack<string>(), new Stack<List<string>>(), new List<(string Path, string Value)>());
        children.Push([]);
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    children.Peek().Add(reader.LocalName);
                    path.Push(reader.LocalName + Number(children.Peek(), reader.LocalName));
                    children.Push([]);
                    break;
                case XmlNodeType.Text:
                    values.Add((string.Join('/', path.Reverse()), reader.Value));
                    break;
                case XmlNodeType.EndElement:
                    InOrder(reader.LocalName, children.Pop());
                    path.Pop();
                    break;
            }
        }

        Root = values[0].Path.Split('/')[0].TrimEnd('1');
        _byPath = values.SelectMany(item => FormsOf(item.Path).Select(form => (form, item.Value))).ToLookup(item => item.form, item => item.Value);
    }

    public string Root { get; }

    public decimal Total(string name) => Amounts($"LegalMonetaryTotal1/{name}1").DefaultIfEmpty(0).Single();

    /// <summary>BR-16, BR-CO-10 to BR-CO-18 and the rules of each category.</summary>
    public void Check()
    {
        var line = Root is "Invoice" ? "InvoiceLine" : "CreditNoteLine";
        var lines = Amounts($"{line}#/LineExtensionAmount1");
        lines.Count.ShouldBeGreaterThan(0, "BR-16");
        Total("LineExtensionAmount").ShouldBe(lines.Sum(), "BR-CO-10");
        Total("AllowanceTotalAmount").ShouldBe(Amounts("AllowanceCharge#/Amount1").Sum(), "BR-CO-11");
        Total("ChargeTotalAmount").ShouldBe(0, "BR-CO-12");
        Total("TaxExclusiveAmount").ShouldBe(Total("LineExtensionAmount") - Total("AllowanceTotalAmount") + Total("ChargeTotalAmount"), "BR-CO-13");
        var tax = Amounts("TaxTotal1/TaxAmount1").Single();
        tax.ShouldBe(Amounts("TaxTotal1/TaxSubtotal#/TaxAmount1").Sum(), "BR-CO-14");
        Total("TaxInclusiveAmount").ShouldBe(Total("TaxExclusiveAmount") + tax, "BR-CO-15");
        Total("PayableAmount").ShouldBe(Total("TaxInclusiveAmount") - Total("PrepaidAmount"), "BR-CO-16");
        Amounts("TaxTotal1/TaxSubtotal#/TaxableAmount1").Sum().ShouldBe(Total("TaxExclusiveAmount"));
        CheckCategories(line);
        CheckPrices(line);
        CheckParties();
        (Total("PayableAmount") <= 0 || Texts("DueDate1").Count + Texts("PaymentTerms1/Note1").Count > 0).ShouldBeTrue("BR-CO-25");
        Texts("BillingReference1/InvoiceDocumentReference1/ID1").Count.ShouldBe(Root is "CreditNote" ? 1 : 0, "BR-55");
    }

    /// <summary>Who sells and who buys: their names, countries and numbers of VAT, as each category wants them.</summary>
    private void CheckParties()
    {
        var codes = Texts("TaxTotal1/TaxSubtotal#/TaxCategory1/ID1");
        foreach (var party in (string[])["AccountingSupplierParty1/Party1", "AccountingCustomerParty1/Party1"])
        {
            Texts($"{party}/PartyLegalEntity1/RegistrationName1").Count.ShouldBe(1, "BR-06, BR-07");
            var country = Texts($"{party}/PostalAddress1/Country1/IdentificationCode1").ShouldHaveSingleItem("BR-09, BR-11");
            if (Numbers(party, "VAT") is [var number])
            {
                number[..2].ShouldBe(country is "GR" ? "EL" : country, "BR-CO-09");
                codes.ShouldNotContain("O", "BR-O-02");
            }
        }

        var (seller, buyer) = ("AccountingSupplierParty1/Party1", "AccountingCustomerParty1/Party1");
        (Texts($"{seller}/PartyIdentification1/ID1").Count + Texts($"{seller}/PartyLegalEntity1/CompanyID1").Count + Numbers(seller, "VAT").Count).ShouldBeGreaterThan(0, "BR-CO-26");
        (codes.Contains("O") || Numbers(seller, "VAT").Count + Numbers(seller, "TAX").Count == 1).ShouldBeTrue("BR-S-02, BR-Z-02, BR-E-02, BR-AE-02");
        (!codes.Contains("AE") || Numbers(buyer, "VAT").Count + Texts($"{buyer}/PartyLegalEntity1/CompanyID1").Count > 0).ShouldBeTrue("BR-AE-02");
    }

    /// <summary>The numbers of a party in a scheme of taxes.</summary>
    public List<string> Numbers(string party, string scheme) => Texts($"{party}/PartyTaxScheme1/TaxScheme1/ID1") is [var found] && found == scheme ? Texts($"{party}/PartyTaxScheme1/CompanyID1") : [];

    private void CheckCategories(string line)
    {
        var count = Texts("TaxTotal1/TaxSubtotal#/TaxCategory1/ID1").Count;
        count.ShouldBeGreaterThan(0, "BR-CO-18");
        for (var i = 1; i <= count; i++)
        {
            var (code, rate) = (Texts($"TaxTotal1/TaxSubtotal{i}/TaxCategory1/ID1").Single(), Texts($"TaxTotal1/TaxSubtotal{i}/TaxCategory1/Percent1").Select(Parse).DefaultIfEmpty(0).Single());
            var (taxable, tax) = (Amounts($"TaxTotal1/TaxSubtotal{i}/TaxableAmount1").Single(), Amounts($"TaxTotal1/TaxSubtotal{i}/TaxAmount1").Single());

            // The norm's own tolerance: a unit of the currency, because taxes may be rounded differently; here it is never more than a cent a tax.
            Math.Abs(tax - Math.Round(taxable * rate / 100, 2, MidpointRounding.AwayFromZero)).ShouldBeLessThanOrEqualTo(0.02m, "BR-CO-17");
            (code is "S").ShouldBe(rate > 0, "BR-S-05, BR-Z-05, BR-E-05, BR-AE-05");
            (code is "S" || tax == 0).ShouldBeTrue($"BR-{code}-09");
            Texts($"TaxTotal1/TaxSubtotal{i}/TaxCategory1/Percent1").Count.ShouldBe(code is "O" ? 0 : 1, "BR-O-05");
            (Texts($"TaxTotal1/TaxSubtotal{i}/TaxCategory1/TaxExemptionReason1").Count == 1).ShouldBe(code is "E" or "AE" or "O", "BR-E-10, BR-AE-10, BR-O-10");
            (code is "O" ? count : 1).ShouldBe(1, "BR-O-11");
            Sum(line, code, rate).ShouldBe(taxable, $"BR-{code}-08");
        }
    }

    private decimal Sum(string line, string code, decimal rate)
    {
        var sum = 0m;
        foreach (var (element, amount, category, sign) in new[] { (line, "LineExtensionAmount1", "Item1/ClassifiedTaxCategory1", 1), ("AllowanceCharge", "Amount1", "TaxCategory1", -1) })
        {
            for (var i = 1; Texts($"{element}{i}/{category}/ID1") is [var found]; i++)
            {
                var percent = Texts($"{element}{i}/{category}/Percent1").Select(Parse).DefaultIfEmpty(0).Single();
                sum += found == code && percent == rate ? sign * Amounts($"{element}{i}/{amount}").Single() : 0;
            }
        }

        return sum;
    }

    private void CheckPrices(string line)
    {
        for (var i = 1; Texts($"{line}{i}/ID1").Count == 1; i++)
        {
            var price = Amounts($"{line}{i}/Price1/PriceAmount1").Single();
            price.ShouldBeGreaterThanOrEqualTo(0, "BR-27");
            var quantity = Texts($"{line}{i}/{(line is "InvoiceLine" ? "InvoicedQuantity1" : "CreditedQuantity1")}").Select(Parse).Single();
            (quantity / Texts($"{line}{i}/Price1/BaseQuantity1").Select(Parse).Single() * price).ShouldBe(Amounts($"{line}{i}/LineExtensionAmount1").Single());
        }
    }

    private static void InOrder(string element, List<string> children)
    {
        if (Orders.TryGetValue(element, out var order))
        {
            children.Select(child => Array.IndexOf(order, child)).ShouldBeInOrder();
            children.ShouldAllBe(child => order.Contains(child));
        }
    }

    private static int Number(List<string> siblings, string name) => siblings.Count(sibling => sibling == name);

    private List<decimal> Amounts(string path) => [.. Texts(path).Select(Parse)];

    /// <summary>What stands at a path; one of its numbers may be #, for all.</summary>
    public List<string> Texts(string path) => [.. _byPath[$"{Root}1/{path}"]];

    private static IEnumerable<string> FormsOf(string path)
    {
        yield return path;
        var parts = path.Split('/');
        for (var i = 1; i < parts.Length; i++)
        {
            yield return string.Join('/', parts[..i].Append(parts[i].TrimEnd("0123456789".ToCharArray()) + "#").Concat(parts[(i + 1)..]));
        }
    }

    private static decimal Parse(string text) => decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
}
