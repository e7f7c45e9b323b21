namespace BillApis;

/// <summary>What is done about a boundary of a subscription that charges nothing but zeros.</summary>
public enum ZeroInvoices
{
    /// <summary>An invoice is issued and is paid at once.</summary>
    Issue,

    /// <summary>None is made.</summary>
    Skip,
}
