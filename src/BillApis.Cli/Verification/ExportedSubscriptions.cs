using BillApis.Invoicing;

namespace BillApis.Cli.Verification;

/// <summary>The subscriptions of an exported invoice.</summary>
internal static class ExportedSubscriptions
{
    public static IEnumerable<ExportedSubscription> All(InvoiceExport export) => export.Subscription is { } only ? [only] : export.Subscriptions;

    /// <summary>The one that a line is billed for.</summary>
    public static ExportedSubscription? Of(InvoiceExport export, InvoiceLine line) => export.Subscriptions.FirstOrDefault(item => item.Id == line.Subscription) ?? export.Subscription;
}
