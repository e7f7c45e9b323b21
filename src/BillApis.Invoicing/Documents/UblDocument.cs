using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Invoicing;

/// <summary>Writes invoices and credit memos as UBL 2.1 after EN 16931: every amount is one of the document's own, and they add up as its rules BR-CO-* say.</summary>
public static class UblDocument
{
    private const string Customization = "urn:cen.eu:en16931:2017";
    private static readonly XNamespace Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private static readonly XNamespace Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    /// <summary>An issued invoice.</summary>
    /// <exception cref="BillingException">It is a draft and has no number.</exception>
    public static byte[] Of(Invoice invoice, DocumentParties parties)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(parties);
        var body = UblBody.Of(invoice);
        var issued = invoice.IssuedAt ?? throw new BillingException(BillingErrorCode.Conflict, $"The invoice '{invoice.Id}' is a draft and has no number: issue it first.");
        return Write(Root("Invoice", invoice.DisplayNumber!,
            [
                Date("IssueDate", parties.DateOf(issued)),
                invoice.DueAt is { } due ? Date("DueDate", parties.DateOf(due)) : null,
                new XElement(Cbc + "InvoiceTypeCode", "380"),
                invoice.Notes is { } notes ? new XElement(Cbc + "Note", notes) : null,
                new XElement(Cbc + "DocumentCurrencyCode", invoice.Currency.Code),
                invoice.Period is { } period && period.End > period.Start ? Period(period, parties) : null,
                invoice.PurchaseOrder is { } order ? new XElement(Cac + "OrderReference", new XElement(Cbc + "ID", order)) : null,
                .. UblParties.Of(parties, body),
                .. body.Allowances.Select(item => Allowance(item, invoice.Currency)),
                TaxTotal(body, invoice.Currency),
                MonetaryTotal(body, invoice.Prepaid),
                .. body.Lines.Select((line, i) => Line("InvoiceLine", "InvoicedQuantity", line, i, invoice, parties)),
            ]));
    }

    /// <summary>A credit memo of an invoice.</summary>
    public static byte[] Of(CreditMemo memo, Invoice invoice, DocumentParties parties)
    {
        ArgumentNullException.ThrowIfNull(memo);
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(parties);
        var body = UblBody.Of(memo, invoice);
        return Write(Root("CreditNote", memo.DisplayNumber!,
            [
                Date("IssueDate", parties.DateOf(memo.IssuedAt)),
                new XElement(Cbc + "CreditNoteTypeCode", "381"),
                new XElement(Cbc + "Note", memo.Reason),
                new XElement(Cbc + "DocumentCurrencyCode", memo.Currency.Code),
                new XElement(Cac + "BillingReference", new XElement(Cac + "InvoiceDocumentReference",
                    new XElement(Cbc + "ID", invoice.DisplayNumber), invoice.IssuedAt is { } issued ? Date("IssueDate", parties.DateOf(issued)) : null)),
                .. UblParties.Of(parties, body),

                // What is to be paid needs a date or terms (BR-CO-25); of a credit memo they are that it is set off.
                new XElement(Cac + "PaymentTerms", new XElement(Cbc + "Note", $"{parties.Locale[InvoiceLabel.OriginalInvoice]}: {invoice.DisplayNumber}")),
                TaxTotal(body, memo.Currency),
                MonetaryTotal(body, Money.Zero(memo.Currency)),
                .. body.Lines.Select((line, i) => Line("CreditNoteLine", "CreditedQuantity", line, i, invoice, parties)),
            ]));
    }

    private static XElement Root(string name, string number, ImmutableArray<XElement?> content)
    {
        XNamespace root = $"urn:oasis:names:specification:ubl:schema:xsd:{name}-2";
        return new XElement(root + name, new XAttribute(XNamespace.Xmlns + "cac", Cac.NamespaceName), new XAttribute(XNamespace.Xmlns + "cbc", Cbc.NamespaceName),
            new XElement(Cbc + "CustomizationID", Customization), new XElement(Cbc + "ID", number), content);
    }

    private static XElement Allowance(UblAllowance item, Currency currency) => new(Cac + "AllowanceCharge",
        new XElement(Cbc + "ChargeIndicator", "false"),
        new XElement(Cbc + "AllowanceChargeReasonCode", "95"),
        new XElement(Cbc + "AllowanceChargeReason", item.Reason),
        Amount("Amount", item.Amount, currency),
        Category("TaxCategory", item.Category, withReason: false));

    private static XElement TaxTotal(UblBody body, Currency currency) => new(Cac + "TaxTotal",
        Amount("TaxAmount", body.Tax, currency),
        body.Subtotals.Select(item => new XElement(Cac + "TaxSubtotal",
            Amount("TaxableAmount", item.Taxable, currency), Amount("TaxAmount", item.Tax, currency), Category("TaxCategory", item.Category, withReason: true))));

    private static XElement MonetaryTotal(UblBody body, Money prepaid) => new(Cac + "LegalMonetaryTotal",
        Amount("LineExtensionAmount", body.LineTotal, prepaid.Currency),
        Amount("TaxExclusiveAmount", body.LineTotal - body.AllowanceTotal, prepaid.Currency),
        Amount("TaxInclusiveAmount", body.LineTotal - body.AllowanceTotal + body.Tax, prepaid.Currency),
        body.Allowances.IsEmpty ? null : Amount("AllowanceTotalAmount", body.AllowanceTotal, prepaid.Currency),
        prepaid.IsZero ? null : Amount("PrepaidAmount", prepaid, prepaid.Currency),
        Amount("PayableAmount", body.LineTotal - body.AllowanceTotal + body.Tax - prepaid, prepaid.Currency));

    // The price is that of the whole quantity: so it is exact whatever tiers made it, and never negative.
    private static XElement Line(string element, string quantityElement, UblLine line, int index, Invoice invoice, DocumentParties parties)
    {
        var currency = invoice.Currency;
        var units = line.Quantity > 0 ? line.Quantity : 1;
        var quantity = line.Net.MinorUnits < 0 ? -units : line.Net.IsZero && line.Quantity == 0 ? 0 : units;
        return new XElement(Cac + element,
            new XElement(Cbc + "ID", (index + 1).ToString(CultureInfo.InvariantCulture)),
            line.Subscription is { } noted ? new XElement(Cbc + "Note", DocumentSection.HeadingOf(invoice, noted, parties.Locale)) : null,
            new XElement(Cbc + quantityElement, new XAttribute("unitCode", "C62"), Exact.Format(quantity)),
            Amount("LineExtensionAmount", line.Net, currency),
            line.Period is { } period ? Period(period, parties) : null,

            // The object that the line is based on (BT-128): a number of the seller's own, here of the subscription.
            line.Subscription is { } billed ? new XElement(Cac + "DocumentReference", new XElement(Cbc + "ID", billed.ToString()), new XElement(Cbc + "DocumentTypeCode", "130")) : null,
            new XElement(Cac + "Item", new XElement(Cbc + "Name", line.Name), Category("ClassifiedTaxCategory", line.Category, withReason: false)),
            new XElement(Cac + "Price",
                new XElement(Cbc + "PriceAmount", new XAttribute("currencyID", currency.Code), Decimals(Math.Abs(line.Net.Amount), currency)),
                new XElement(Cbc + "BaseQuantity", new XAttribute("unitCode", "C62"), Exact.Format(units))));
    }

    private static XElement Category(string element, UblCategory category, bool withReason) => new(Cac + element,
        new XElement(Cbc + "ID", category.Code),
        category.Code is "O" ? null : new XElement(Cbc + "Percent", Exact.Format(category.Percent)),
        withReason && category.ReasonCode is { } code ? new XElement(Cbc + "TaxExemptionReasonCode", code) : null,
        withReason && category.Reason is { } reason ? new XElement(Cbc + "TaxExemptionReason", reason) : null,
        new XElement(Cac + "TaxScheme", new XElement(Cbc + "ID", "VAT")));

    private static XElement Period(Interval period, DocumentParties parties) =>
        new(Cac + "InvoicePeriod", Date("StartDate", parties.DateOf(period.Start)), Date("EndDate", parties.LastDateOf(period)));

    private static XElement Amount(string name, Money amount, Currency currency) => new(Cbc + name, new XAttribute("currencyID", currency.Code), Decimals(amount.Amount, currency));

    private static string Decimals(decimal amount, Currency currency) => amount.ToString("F" + currency.MinorUnitDigits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static XElement Date(string name, LocalDate date) => new(Cbc + name, LocalDatePattern.Iso.Format(date));

    private static byte[] Write(XElement root)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) }))
        {
            new XDocument(root).Save(writer);
        }

        return stream.ToArray();
    }
}
