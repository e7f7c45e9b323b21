namespace BillApis.Identity;

/// <summary>Whom a sign-in is for. Keys, issuers and audiences are separate: a token of one realm is none in the other.</summary>
internal enum Realm
{
    /// <summary>The tenant's own people.</summary>
    Admin,

    /// <summary>The people of one of its customers.</summary>
    Portal,
}
