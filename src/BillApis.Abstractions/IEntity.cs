using NodaTime;

namespace BillApis;

/// <summary>A thing that is stored whole, changed by compare-and-set on its version, and never seen by another tenant.</summary>
public interface IEntity<TSelf> where TSelf : class, IEntity<TSelf>
{
    /// <summary>The company that it belongs to.</summary>
    TenantId Tenant { get; }

    /// <summary>Its id as text, prefix included; unique over all tenants and ordered by time.</summary>
    string Key { get; }

    /// <summary>The caller's own name for it, unique in its tenant and kind, or null.</summary>
    string? Alias { get; }

    /// <summary>When it was made.</summary>
    Instant CreatedAt { get; }

    /// <summary>How often it was saved; 0 for a new one. A store refuses a save from any other version.</summary>
    long Version { get; }

    /// <summary>The same thing at another version.</summary>
    TSelf WithVersion(long version);
}
