namespace BillApis.Invoicing;

/// <summary>What never changes of an issued document: everything but its state, what was paid and taken back, to whom it was sent, what replaced it, and its seal.</summary>
public static class IssuedDocument
{
    private static readonly string[] StateOfInvoice = ["status", "payments", "credit_memos", "paid_at", "sent", "replaced_by", "seal", "version"];
    private static readonly string[] StateOfMemo = ["status", "canceled_at", "refund_paid_at", "refund_reference", "seal", "version"];

    /// <summary>The canonical JSON of an invoice.</summary>
    public static byte[] Of(Invoice invoice) => CanonicalJson.Of(invoice, StateOfInvoice);

    /// <summary>The same of an invoice that is spelled as billing writes it.</summary>
    internal static byte[] OfInvoice(byte[] json) => CanonicalJson.OfWritten(json, StateOfInvoice);

    /// <summary>The canonical JSON of a credit memo.</summary>
    public static byte[] Of(CreditMemo memo) => CanonicalJson.Of(memo, StateOfMemo);
}
