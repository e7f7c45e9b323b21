using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>Lines of a document that belong together.</summary>
/// <param name="Heading">Whose they are; null where the document has one section alone.</param>
/// <param name="Rows">The lines.</param>
/// <param name="Subtotal">What they come to, before discounts and taxes; null where there is no heading.</param>
public sealed record DocumentSection(string? Heading, ImmutableArray<DocumentRow> Rows, string? Subtotal)
{
    /// <summary>The sections of lines of an invoice, or of a credit memo of it, in the order of the lines; of what was added by hand the last.</summary>
    internal static ImmutableArray<DocumentSection> Of<T>(Invoice invoice, InvoiceLocale locale, IReadOnlyCollection<T> lines, Func<T, InvoiceLineId> idOf, Func<T, Money> amountOf, Func<T, DocumentRow> rowOf)
    {
        if (invoice.Sections.IsEmpty)
        {
            return [new DocumentSection(null, [.. lines.Select(rowOf)], null)];
        }

        var owners = invoice.Lines.ToLookup(line => line.Id, line => line.Subscription);
        return [.. lines.GroupBy(line => owners[idOf(line)].First()).OrderBy(group => group.Key is null).Select(group => new DocumentSection(
            HeadingOf(invoice, group.Key, locale), [.. group.Select(rowOf)], locale.Format(group.Aggregate(Money.Zero(invoice.Currency), (sum, line) => sum + amountOf(line)))))];
    }

    /// <summary>What stands over the lines of a subscription: the name of its plan and its id, which tells two of one plan apart.</summary>
    internal static string HeadingOf(Invoice invoice, SubscriptionId? subscription, InvoiceLocale locale) =>
        subscription is not { } id ? locale[InvoiceLabel.OtherCharges]
        : invoice.Sections.FirstOrDefault(section => section.Subscription == id)?.Description is { } name ? $"{locale[InvoiceLabel.Subscription]}: {name} · {id}"
        : $"{locale[InvoiceLabel.Subscription]}: {id}";
}
