//! placeholder
#[derive(Debug, Default)]
pub(crate) struct ParameterSets;
impl ParameterSets {
    pub(crate) fn from_sprop(_: &str) -> Self { Self }
    pub(crate) fn take(&mut self, _: &[u8], _: u32) {}
    pub(crate) fn before(&mut self, _: &[u8], _: u32) -> Option<&[u8]> { None }
    pub(crate) fn is_start(&self, _: &[u8]) -> bool { true }
}
