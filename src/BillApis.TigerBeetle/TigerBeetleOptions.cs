namespace BillApis.TigerBeetle;

/// <summary>Which cluster keeps the ledger, and how it is reached.</summary>
public sealed record TigerBeetleOptions
{
    /// <summary>The addresses of the cluster's replicas, with commas between: <c>127.0.0.1:3000</c>, or only a port on this machine.</summary>
    public string Addresses { get; set; } = "3000";

    /// <summary>The number that the cluster was formatted with.</summary>
    public UInt128 ClusterId { get; set; }

    /// <summary>The file of the C client library of release 0.17; where it is null, that of the <c>tigerbeetle</c> package or of the system.</summary>
    public string? Library { get; set; }

    /// <summary>How many seconds a request may take before the cluster counts as down; what it was about may still happen, and is safe to repeat.</summary>
    public int AnswerSeconds { get; set; } = 30;
}
