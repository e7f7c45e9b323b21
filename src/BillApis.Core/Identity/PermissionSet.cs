using System.Collections.Immutable;

namespace BillApis.Identity;

/// <summary>All that one caller may do.</summary>
internal sealed class PermissionSet(IEnumerable<Permission> permissions)
{
    private readonly ImmutableArray<Permission> _permissions = [.. permissions];

    public static PermissionSet None { get; } = new([]);

    public bool Allows(Permission wanted) => _permissions.Any(permission => permission.Covers(wanted));

    /// <summary>Whether whoever has this has all of the other; a wildcard counts as what it stands for.</summary>
    public bool Covers(PermissionSet other) => other._permissions.All(permission => Allows(permission) || permission.Expand().All(Allows));

    /// <summary>One by one, without wildcards.</summary>
    public IEnumerable<string> Expand() => _permissions.SelectMany(permission => permission.Expand()).Select(permission => permission.ToString()).Distinct().Order(StringComparer.Ordinal);

    public static PermissionSet Union(IEnumerable<PermissionSet> sets) => new(sets.SelectMany(set => set._permissions).Distinct());
}
