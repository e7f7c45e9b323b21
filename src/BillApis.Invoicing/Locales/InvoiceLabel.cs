namespace BillApis.Invoicing;

/// <summary>A word or sentence that stands on documents.</summary>
public enum InvoiceLabel
{
    /// <summary>The title of an invoice.</summary>
    Invoice,

    /// <summary>The title of an invoice that is not issued yet.</summary>
    Draft,

    /// <summary>The title of a credit memo.</summary>
    CreditMemo,

    /// <summary>Before the document's number.</summary>
    Number,

    /// <summary>Before the date of issue.</summary>
    IssueDate,

    /// <summary>Before the date until which it is to be paid.</summary>
    DueDate,

    /// <summary>Before the period that is billed.</summary>
    Period,

    /// <summary>Before the seller.</summary>
    Seller,

    /// <summary>Before the customer.</summary>
    BillTo,

    /// <summary>Before a VAT or other tax number.</summary>
    TaxNumber,

    /// <summary>Before the customer's purchase-order number.</summary>
    PurchaseOrder,

    /// <summary>Before the notes.</summary>
    Notes,

    /// <summary>Over what the lines are for.</summary>
    Description,

    /// <summary>Over the lines' quantities.</summary>
    Quantity,

    /// <summary>Over the prices of one unit.</summary>
    UnitPrice,

    /// <summary>Over the lines' amounts.</summary>
    Amount,

    /// <summary>Before the sum of the lines.</summary>
    Subtotal,

    /// <summary>Before what coupons took off.</summary>
    Discount,

    /// <summary>Before the promotional credit.</summary>
    Credit,

    /// <summary>Before a tax that has no name of its own, and before all taxes together.</summary>
    Tax,

    /// <summary>Beside a tax that is in the prices already.</summary>
    TaxIncluded,

    /// <summary>Before the total.</summary>
    Total,

    /// <summary>Before what was paid.</summary>
    AmountPaid,

    /// <summary>Before what is still to be paid.</summary>
    AmountDue,

    /// <summary>The sentence that a business accounts for the tax itself.</summary>
    ReverseCharge,

    /// <summary>Before the number of the invoice that a credit memo takes a part of back.</summary>
    OriginalInvoice,

    /// <summary>Before why something was taken back.</summary>
    Reason,

    /// <summary>Before the number of a page.</summary>
    Page,

    /// <summary>Before the name of a subscription, over its lines.</summary>
    Subscription,

    /// <summary>Over the lines that belong to none of the subscriptions.</summary>
    OtherCharges,
}
