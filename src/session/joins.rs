//! Joins in queries built in Rust.

use frame_core::Scalar;
use frame_plan::{AsOf, Direction, Expect, Join, JoinKind, KeyPair, Plan};

/// How two frames are joined: which rows come out, and by what.
///
/// ```
/// # fn main() -> frame::Result<()> {
/// use frame::{Expect, JoinSpec, Session, mean};
///
/// let session = Session::builder().threads(1).build()?;
/// let sales = session.scan("data/sales.csv");
/// let means = sales.clone().group_by(["category"]).agg([mean("value")]);
/// let beside = sales.join(means, JoinSpec::left(["category"]).named("m").expect(Expect::ManyToOne));
/// let batches = beside.take(3).start()?.to_vec()?;
/// assert_eq!(batches[0].num_columns(), 6);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct JoinSpec {
    kind: JoinKind,
    keys: Vec<KeyPair>,
    as_of: Option<AsOf>,
    expect: Option<Expect>,
    alias: Option<String>,
}

/// Columns that must be equal: one name for both sides, or the left name and the right one.
pub trait IntoKeyPair {
    /// The pair.
    fn into_pair(self) -> KeyPair;
}

impl IntoKeyPair for &str {
    fn into_pair(self) -> KeyPair {
        KeyPair::same(self)
    }
}

impl IntoKeyPair for String {
    fn into_pair(self) -> KeyPair {
        KeyPair::same(self)
    }
}

impl<L: Into<String>, R: Into<String>> IntoKeyPair for (L, R) {
    fn into_pair(self) -> KeyPair {
        KeyPair { right: self.1.into(), ..KeyPair::same(self.0) }
    }
}

impl JoinSpec {
    fn of<K: IntoKeyPair>(kind: JoinKind, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(IntoKeyPair::into_pair).collect();
        Self { kind, keys, as_of: None, expect: None, alias: None }
    }

    /// The pairs that match: `join … on a, b = c`.
    pub fn inner<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Inner, keys)
    }

    /// Also the left rows without a match: `join left …`.
    pub fn left<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Left, keys)
    }

    /// Also the right rows without a match, behind the others: `join right …`.
    pub fn right<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Right, keys)
    }

    /// Also the rows of both sides without a match: `join full …`.
    pub fn full<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Full, keys)
    }

    /// The left rows that have a match: `join semi …`.
    pub fn semi<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Semi, keys)
    }

    /// The left rows without a match: `join anti …`.
    pub fn anti<K: IntoKeyPair>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(JoinKind::Anti, keys)
    }

    /// Every pair: `join cross …`.
    pub fn cross() -> Self {
        Self::of::<&str>(JoinKind::Cross, [])
    }

    /// Each left row beside the right row whose column is nearest: `join asof … on ts backward`.
    pub fn as_of(on: impl IntoKeyPair, direction: Direction) -> Self {
        let as_of = AsOf { on: on.into_pair(), direction, within: None };
        Self { as_of: Some(as_of), ..Self::of::<&str>(JoinKind::AsOf, []) }
    }

    /// The farthest that is near enough, a duration or a number: `… within 5s`. It says nothing for other joins.
    #[must_use]
    pub fn within(mut self, farthest: impl Into<Scalar>) -> Self {
        if let Some(as_of) = &mut self.as_of {
            as_of.within = Some(farthest.into());
        }
        self
    }

    /// What must be equal beside the nearest column: `… per symbol`.
    #[must_use]
    pub fn per<K: IntoKeyPair>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.keys.extend(keys.into_iter().map(IntoKeyPair::into_pair));
        self
    }

    /// What is checked of the keys: `… expect n:1`.
    #[must_use]
    pub fn expect(self, expect: Expect) -> Self {
        Self { expect: Some(expect), ..self }
    }

    /// What the right side is called where its columns need it: `join … as name`.
    #[must_use]
    pub fn named(self, alias: impl Into<String>) -> Self {
        Self { alias: Some(alias.into()), ..self }
    }

    pub(super) fn plan(&self, left: Plan, right: Plan) -> Plan {
        let Self { kind, keys, as_of, expect, alias } = self.clone();
        Plan::Join(Join { left: Box::new(left), right: Box::new(right), kind, keys, as_of, expect, alias, prefixed: None })
    }
}
