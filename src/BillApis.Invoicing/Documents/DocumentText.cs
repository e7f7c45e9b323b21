using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Invoicing;

/// <summary>The words and numbers of a document in one language, in the order in which they stand on it: HTML and PDF show the same.</summary>
public sealed record DocumentText
{
    /// <summary>The language of its words.</summary>
    public required InvoiceLocale Locale { get; init; }

    /// <summary>What it is.</summary>
    public required string Title { get; init; }

    /// <summary>Its number; null for a draft.</summary>
    public string? Number { get; init; }

    /// <summary>Who bills.</summary>
    public required InvoiceParty Seller { get; init; }

    /// <summary>Who is billed.</summary>
    public required InvoiceParty Customer { get; init; }

    /// <summary>Number, dates and references.</summary>
    public required ImmutableArray<DocumentField> Fields { get; init; }

    /// <summary>The lines: those of each subscription where several are billed together, else all in one section without a heading.</summary>
    public required ImmutableArray<DocumentSection> Sections { get; init; }

    /// <summary>Whether the lines have quantities and prices of one: those of a credit memo have amounts alone.</summary>
    public bool HasQuantities => Sections.SelectMany(section => section.Rows).Any(row => row.Quantity.Length > 0);

    /// <summary>What stands over the lines.</summary>
    public ImmutableArray<InvoiceLabel> Columns => HasQuantities
        ? [InvoiceLabel.Description, InvoiceLabel.Quantity, InvoiceLabel.UnitPrice, InvoiceLabel.Amount]
        : [InvoiceLabel.Description, InvoiceLabel.Amount];

    /// <summary>From the sum of the lines to what is due.</summary>
    public required ImmutableArray<DocumentField> Totals { get; init; }

    /// <summary>Sentences below the totals.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>An invoice or a draft, as it was issued: what was paid later does not stand on it.</summary>
    public static DocumentText Of(Invoice invoice, DocumentParties parties)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(parties);
        var locale = parties.Locale;
        return new DocumentText
        {
            Locale = locale,
            Title = locale[invoice.Number is null ? InvoiceLabel.Draft : InvoiceLabel.Invoice],
            Number = invoice.DisplayNumber,
            Seller = parties.Seller,
            Customer = parties.Customer,
            Fields = Known(
                (locale[InvoiceLabel.Number], invoice.DisplayNumber),
                (locale[InvoiceLabel.IssueDate], invoice.IssuedAt is { } issued ? locale.Format(parties.DateOf(issued)) : null),
                (locale[InvoiceLabel.DueDate], invoice.DueAt is { } due ? locale.Format(parties.DateOf(due)) : null),
                (locale[InvoiceLabel.Period], PeriodOf(invoice.Period, parties)),
                (locale[InvoiceLabel.PurchaseOrder], invoice.PurchaseOrder)),
            Sections = DocumentSection.Of(invoice, locale, invoice.Lines, line => line.Id, line => line.Amount, line => new DocumentRow(
                line.Description, PeriodOf(line.Period, parties), locale.Format(line.Quantity), line.UnitAmount is { } unit && line.Tiers.Length < 2 && line.Kind is not LineKind.Adjustment ? locale.Format(unit, invoice.Currency) : "", locale.Format(line.Amount))),
            Totals = [.. TotalsOf(invoice, locale)],
            Notes = [.. new[] { invoice.Notes, invoice.TaxLines.Any(tax => tax.Tax.Treatment is TaxTreatment.ReverseCharge) ? locale[InvoiceLabel.ReverseCharge] : null }.OfType<string>()],
        };
    }

    /// <summary>A credit memo of an invoice.</summary>
    public static DocumentText Of(CreditMemo memo, Invoice invoice, DocumentParties parties)
    {
        ArgumentNullException.ThrowIfNull(memo);
        ArgumentNullException.ThrowIfNull(invoice);
        ArgumentNullException.ThrowIfNull(parties);
        var locale = parties.Locale;
        return new DocumentText
        {
            Locale = locale,
            Title = locale[InvoiceLabel.CreditMemo],
            Number = memo.DisplayNumber,
            Seller = parties.Seller,
            Customer = parties.Customer,
            Fields = Known(
                (locale[InvoiceLabel.Number], memo.DisplayNumber),
                (locale[InvoiceLabel.IssueDate], locale.Format(parties.DateOf(memo.IssuedAt))),
                (locale[InvoiceLabel.OriginalInvoice], invoice.DisplayNumber),
                (locale[InvoiceLabel.Reason], memo.Reason)),
            Sections = DocumentSection.Of(invoice, locale, memo.Lines, line => line.Line, line => line.Net, line => new DocumentRow(line.Description, null, "", "", locale.Format(line.Net))),
            Totals = [
                new(locale[InvoiceLabel.Subtotal], locale.Format(memo.Total - memo.TaxTotal)),
                .. memo.TaxTotal.IsZero ? Array.Empty<DocumentField>() : [new(locale[InvoiceLabel.Tax], locale.Format(memo.TaxTotal))],
                new(locale[InvoiceLabel.Total], locale.Format(memo.Total), IsSum: true)],
        };
    }

    private static IEnumerable<DocumentField> TotalsOf(Invoice invoice, InvoiceLocale locale)
    {
        yield return new(locale[InvoiceLabel.Subtotal], locale.Format(invoice.Subtotal));
        foreach (var discount in invoice.Discounts)
        {
            var whose = invoice.Sections.FirstOrDefault(section => section.Subscription == discount.Subscription)?.Description;
            yield return new($"{locale[InvoiceLabel.Discount]}: {discount.Description}{(whose is null ? "" : $" ({whose})")}", locale.Format(-discount.Amount));
        }

        if (!invoice.CreditTotal.IsZero)
        {
            yield return new(locale[InvoiceLabel.Credit], locale.Format(-invoice.CreditTotal));
        }

        foreach (var tax in invoice.TaxLines)
        {
            var name = tax.Tax.Treatment is TaxTreatment.Standard ? $"{tax.Tax.Name} {locale.Format(tax.Tax.Percentage)} %{(tax.Tax.Inclusive ? $" ({locale[InvoiceLabel.TaxIncluded]})" : "")}" : tax.Tax.Name;
            yield return new(name, locale.Format(tax.Amount));
        }

        yield return new(locale[InvoiceLabel.Total], locale.Format(invoice.Total), IsSum: true);
        if (!invoice.Prepaid.IsZero)
        {
            yield return new(locale[InvoiceLabel.AmountPaid], locale.Format(-invoice.Prepaid));
        }

        yield return new(locale[InvoiceLabel.AmountDue], locale.Format(invoice.Total - invoice.Prepaid), IsSum: true);
    }

    private static string? PeriodOf(Interval? period, DocumentParties parties) => period is { } span
        ? $"{parties.Locale.Format(parties.DateOf(span.Start))} – {parties.Locale.Format(parties.LastDateOf(span))}"
        : null;

    private static ImmutableArray<DocumentField> Known(params ReadOnlySpan<(string Label, string? Value)> fields)
    {
        var known = ImmutableArray.CreateBuilder<DocumentField>();
        foreach (var (label, value) in fields)
        {
            if (value is not null)
            {
                known.Add(new DocumentField(label, value));
            }
        }

        return known.ToImmutable();
    }
}

/// <summary>A word and what it says.</summary>
/// <param name="Label">The word.</param>
/// <param name="Value">What it says.</param>
/// <param name="IsSum">Whether it stands out.</param>
public sealed record DocumentField(string Label, string Value, bool IsSum = false);

/// <summary>A line of a document.</summary>
/// <param name="Description">What it is for.</param>
/// <param name="Period">When; null where it has none.</param>
/// <param name="Quantity">How much.</param>
/// <param name="UnitPrice">The price of one; empty where no single one applies.</param>
/// <param name="Amount">What it costs.</param>
public sealed record DocumentRow(string Description, string? Period, string Quantity, string UnitPrice, string Amount);
